import DockerPort
import Primitives
import Testing

extension DockerConformance {
    func refusesNetworks() async {
        #expect(await code { try await client.ensureNetwork("no-such-network-here") } == .networkMissing)
        #expect(await code { try await client.inspectNetwork("no-such-network-here") } == .networkMissing)
        for name in ["host", "none", "bridge", "default", "container:x", "", "../x", "a b"] {
            #expect(await code { try await client.ensureNetwork(name) } == .invalidSpec)
            #expect(await code { try await client.inspectNetwork(name) } == .invalidSpec)
        }
    }

    func inspectsNetworks(_ rule: Rule) async throws {
        let spec = spec(rule)
        let id = try await client.run(spec).containerID
        let network = try await client.inspectNetwork(spec.network)
        #expect(network.name == spec.network && network.driver == "bridge")
        let container = try await client.inspectContainer(spec.name)
        #expect(network.addresses[id] != nil && network.addresses[id] == container.addresses[spec.network])
        #expect(container.overlays.isEmpty)
        _ = try await client.stop(spec.name, timeout: .seconds(5))
        #expect(try await client.inspectNetwork(spec.network).addresses[id] == nil)
    }

    /// A container on an overlay has a second address, on the gateway bridge. Only an Engine in a Swarm has overlays.
    func reachesOverlays(_ rule: Rule) async throws {
        var spec = spec(rule)
        guard let overlay = environment.overlay else {
            let id = try await client.run(spec).containerID
            do throws(DockerError) {
                #expect(try await client.inspectNetwork(DockerNames.gatewayBridge).addresses[id] == nil)
            } catch {
                #expect(error.code == .networkMissing)
            }
            return
        }
        spec.network = overlay
        try await client.ensureNetworkNow(overlay)
        let id = try await client.run(spec).containerID
        let container = try await client.inspectContainer(spec.name)
        #expect(container.overlays == [overlay])
        let own = try #require(container.addresses[overlay])
        #expect(try await client.inspectNetwork(overlay).driver == "overlay")
        #expect(try await client.inspectNetwork(overlay).addresses[id] == own)
        let gateway = try #require(try await client.inspectNetwork(DockerNames.gatewayBridge).addresses[id])
        #expect(gateway != own)
        _ = try await client.stop(spec.name, timeout: .seconds(5))
        #expect(try await client.inspectNetwork(DockerNames.gatewayBridge).addresses[id] == nil)
    }
}
