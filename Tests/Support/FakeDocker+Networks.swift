import DockerPort
import Primitives

extension FakeDocker {
    /// An overlay network of a Swarm.
    package struct Overlay: Sendable, Equatable {
        package var isAttachable: Bool
        /// Without a way out, and so without an address on the gateway bridge.
        package var isInternal: Bool

        package init(isAttachable: Bool = true, isInternal: Bool = false) {
            self.isAttachable = isAttachable
            self.isInternal = isInternal
        }
    }

    /// An address that no host has. The host reaches containers on an overlay only at the gateway bridge.
    static let overlayAddress = "192.0.2.7"

    /// Lets the Engine join a Swarm, or leave one. A Swarm's networks go with it; containers run on.
    package func setSwarm(_ state: SwarmState) {
        swarm = state
        if state == .none { overlays = [:] }
    }

    /// Makes an overlay network in the Swarm.
    package func addOverlay(_ name: String, _ overlay: Overlay = Overlay()) { overlays[name] = overlay }

    package func inspectNetwork(_ name: String) async throws(DockerError) -> NetworkInspect {
        let fault = try await enter(.inspectNetwork)
        guard DockerNames.isNetwork(name) else {
            throw DockerError(.invalidSpec, operation: "inspectNetwork", message: "\(name) is no user-defined network")
        }
        let isBridge = name == DockerNames.gatewayBridge && swarm != .none
        guard isBridge || isListed(name) else { throw Self.noNetwork(name, "inspectNetwork") }
        if let fault { throw fault }
        var addresses: [ContainerID: String] = [:]
        for (id, container) in containers {
            addresses[id] = isBridge ? container.gatewayAddress : container.inspect.addresses[name]
        }
        let driver = overlays[name] == nil ? "bridge" : "overlay"
        return NetworkInspect(name: name, driver: driver, addresses: addresses)
    }

    // MARK: Inside

    /// Whether the Engine lists the network. A Swarm worker lists an overlay only while a container uses it.
    private func isListed(_ name: String) -> Bool {
        if networks.contains(name) { return true }
        guard overlays[name] != nil else { return false }
        return swarm == .manager || containers.values.contains { $0.inspect.addresses[name] != nil }
    }

    /// What `ensureNetwork` throws.
    func refusal(ofNetwork name: String) -> DockerError? {
        guard isListed(name) else {
            guard swarm != .worker else { return nil }
            var refusal = Self.noNetwork(name, "ensureNetwork")
            if case .away = swarm { refusal.retryable = true }
            return refusal
        }
        guard overlays[name]?.isAttachable == false else { return nil }
        return DockerError(
            .invalidSpec,
            operation: "ensureNetwork",
            message: "containers cannot be attached to network \(name): it was created without --attachable"
        )
    }

    /// What `run` throws.
    func attachmentRefusal(_ name: String) -> DockerError? {
        guard !networks.contains(name) else { return nil }
        guard let overlay = overlays[name] else { return Self.noNetwork(name, "run") }
        guard !overlay.isAttachable else { return nil }
        let message = "start: network \(name) not manually attachable"
        return DockerError(.startFailed, operation: "run", message: message, status: 500)
    }

    /// Gives a container its addresses.
    func attach(_ id: ContainerID, to network: String) {
        guard let overlay = overlays[network] else {
            containers[id]?.inspect.addresses = [network: "127.0.0.1"]
            return
        }
        containers[id]?.inspect.addresses = [network: Self.overlayAddress]
        containers[id]?.inspect.overlays = [network]
        containers[id]?.gatewayAddress = overlay.isInternal ? nil : "127.0.0.1"
    }

    private static func noNetwork(_ name: String, _ operation: String) -> DockerError {
        DockerError(.networkMissing, operation: operation, message: "network \(name) not found", status: 404)
    }
}
