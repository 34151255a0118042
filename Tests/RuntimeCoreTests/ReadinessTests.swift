import Primitives
import DockerPort
import JobContract
import RuntimeCore
import Testing

@Suite("The readiness of a game")
struct ReadinessTests {
    private static let path: LabelMap = ["com.galaxy.ready_path": "/ready?x=1"]

    @Test("is decided by the health check, else by the path in the label, else by the port")
    func probes() throws {
        let checked = ImageInspect(ref: "r", labels: Self.path, hasHealthcheck: true)
        #expect(try ReadinessProbe(image: checked, port: 8080) == .health)
        let labelled = ImageInspect(ref: "r", labels: Self.path)
        #expect(try ReadinessProbe(image: labelled, port: 9000) == .path("/ready?x=1", port: 9000))
        #expect(try ReadinessProbe(image: ImageInspect(ref: "r"), port: 8080) == .port(8080))
    }

    @Test("is never requested at an invalid path", arguments: ["", "ready", "/a b", "/a\r\nHost: x", "/ä", "/\0"])
    func badPath(_ path: String) {
        let image = ImageInspect(ref: "r", labels: ["com.galaxy.ready_path": path])
        let failure = #expect(throws: JobFailure.self) { try ReadinessProbe(image: image, port: 1) }
        #expect(failure?.code == .invalidSpec)
        let long = ImageInspect(ref: "r", labels: ["com.galaxy.ready_path": "/" + String(repeating: "a", count: 1_024)])
        #expect(throws: JobFailure.self) { try ReadinessProbe(image: long, port: 1) }
    }

    private func container(
        _ status: String = "running",
        health: String = "",
        exitCode: Int = 0,
        oomKilled: Bool = false,
        addresses: [String: String] = ["net": "10.0.0.2"]
    ) -> ContainerInspect {
        ContainerInspect(
            id: "c",
            name: "n",
            imageRef: "i",
            status: status,
            health: health,
            exitCode: exitCode,
            oomKilled: oomKilled,
            addresses: addresses
        )
    }

    @Test("by the port is checked at the container's address on its network")
    func port() {
        let readiness = Readiness(probe: .port(80), network: "net")
        #expect(readiness.step(finding: container()) == .ask(address: "10.0.0.2", port: 80, isPublished: false))
        #expect(readiness.step(finding: container(addresses: ["other": "10.0.0.3"])) == .wait)
        #expect(readiness.step(finding: container("paused")) == .wait)
    }

    @Test("on an overlay network is checked at the container's address on the gateway bridge")
    func overlay() {
        let readiness = Readiness(probe: .port(80), network: "net")
        var far = container()
        far.overlays = ["net"]
        #expect(readiness.step(finding: far) == .askThroughGateway(port: 80))
        far.hostPorts = [80: HostPort(address: "0.0.0.0", port: 30_000)]
        #expect(readiness.step(finding: far) == .askThroughGateway(port: 80))
        far.hostPorts = [80: HostPort(address: "192.0.2.1", port: 30_000)]
        #expect(readiness.step(finding: far) == .ask(address: "192.0.2.1", port: 30_000, isPublished: true))
        // Another overlay network changes nothing.
        far.overlays = ["other"]
        far.hostPorts = [:]
        #expect(readiness.step(finding: far) == .ask(address: "10.0.0.2", port: 80, isPublished: false))
        far.overlays = ["net"]
        far.health = "healthy"
        #expect(Readiness(probe: .health, network: "net").step(finding: far) == .ready)
    }

    @Test("on an overlay network fails if the container is twice not on the gateway bridge")
    func gatewayBridge() {
        let readiness = Readiness(probe: .path("/up", port: 80), network: "net")
        func step(_ bridge: NetworkInspect?, isAgain: Bool) -> Readiness.Step {
            readiness.step(through: bridge, of: "c", port: 80, isAgain: isAgain)
        }
        let bridge = NetworkInspect(name: "docker_gwbridge", addresses: ["c": "172.18.0.3"])
        for isAgain in [true, false] {
            #expect(step(bridge, isAgain: isAgain) == .ask(address: "172.18.0.3", port: 80, isPublished: false))
        }
        for bridge in [nil, NetworkInspect(name: "docker_gwbridge", addresses: ["d": "172.18.0.3"])] {
            // The container may just have ended.
            #expect(step(bridge, isAgain: false) == .wait)
            guard case .failed(let reason) = step(bridge, isAgain: true) else {
                Issue.record("waits")
                continue
            }
            #expect(reason.contains("net is an overlay network") && reason.contains("HEALTHCHECK"))
        }
    }

    @Test("by the port is checked at the published port if it is bound at one address, also without an own address")
    func published() {
        let readiness = Readiness(probe: .port(80), network: "net")
        var published = container(addresses: [:])
        published.hostPorts = [80: HostPort(address: "192.0.2.1", port: 30_000), 90: HostPort(address: "x", port: 1)]
        #expect(readiness.step(finding: published) == .ask(address: "192.0.2.1", port: 30_000, isPublished: true))
        // The worker may run in a container, where the address of all interfaces leads nowhere.
        for address in ["", "0.0.0.0", "::", "127.0.0.1", "::1"] {
            var everywhere = container()
            everywhere.hostPorts = [80: HostPort(address: address, port: 30_000)]
            #expect(readiness.step(finding: everywhere) == .ask(address: "10.0.0.2", port: 80, isPublished: false))
        }
    }

    @Test(
        "by the health check is Docker's health status",
        arguments: [("", false), ("starting", false), ("unhealthy", false), ("healthy", true)]
    )
    func health(_ health: String, isReady: Bool) {
        let readiness = Readiness(probe: .health, network: "net")
        #expect(readiness.step(finding: container(health: health)) == (isReady ? .ready : .wait))
    }

    @Test(
        "cannot be reached after the container's exit",
        arguments: [ReadinessProbe.health, .port(80), .path("/", port: 80)]
    )
    func ended(_ probe: ReadinessProbe) {
        let readiness = Readiness(probe: probe, network: "net")
        func reason(_ container: ContainerInspect?) -> String? {
            guard case .failed(let reason) = readiness.step(finding: container) else { return nil }
            return reason
        }
        #expect(reason(nil)?.contains("removed") == true)
        #expect(reason(container("exited", health: "healthy", exitCode: 3))?.contains("exit code 3") == true)
        #expect(reason(container("exited", exitCode: 137, oomKilled: true))?.contains("want of memory") == true)
    }

    @Test(
        "by the path depends on the first line of the response",
        arguments: [
            ("HTTP/1.1 200 OK\r\n", 200), ("HTTP/1.0 404", 404), ("HTTP/1.1 500 x", 500), ("HTTP/1.1 20", nil),
            ("HTTP/1.1 abc", nil), ("HTTP/1.1 999 x", nil), ("SSH-2.0 200 x", nil), ("", nil), ("HTTP/1.1", nil),
        ] as [(String, Int?)]
    )
    func statusLine(text: String, status: Int?) {
        #expect(Readiness.status(ofAnswer: Array(text.utf8)) == status)
    }

    @Test("is checked quickly at first, then twice a second")
    func pauses() {
        let pauses = (0..<40).map { Readiness.pause(beforeLook: $0) }
        #expect(pauses.first == .milliseconds(50) && pauses.last == .milliseconds(500))
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test("gives a reason if it is not reached", arguments: [ReadinessProbe.health, .port(80), .path("/up", port: 80)])
    func timeout(_ probe: ReadinessProbe) {
        let sentence = Readiness(probe: probe, network: "net").timeout(seconds: 7)
        #expect(sentence.hasPrefix("the engine was not ready within 7 s: "))
    }
}
