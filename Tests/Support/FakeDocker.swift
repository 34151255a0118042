import Primitives

import DockerPort
import Primitives

/// An Engine in memory, with the behaviour of the real adapter; the same conformance suite runs on both. Tests add
/// what it has, injure it, and read what it was told to change.
package actor FakeDocker: DockerClient {
    /// What the process of an image does.
    package enum Behaviour: Sendable, Equatable {
        /// Runs until SIGTERM, and ends with 143 then.
        case runs
        /// Runs on on SIGTERM, so that it has to be killed.
        case ignoresTermination
        /// Ends at once with this code.
        case exitsAtOnce(Int)
    }

    /// An image that the Engine or the registry has.
    package struct Image: Sendable, Equatable {
        package var reference: String
        package var labels: LabelMap
        package var behaviour: Behaviour
        package var hasHealthcheck: Bool
        /// What a container gets in place of the image's own health check.
        package var slowedHealthcheck: Healthcheck?
        /// Images of one reference and different builds have different ids.
        package var build: Int

        package init(
            _ reference: String,
            labels: LabelMap = [:],
            behaviour: Behaviour = .runs,
            hasHealthcheck: Bool = false,
            build: Int = 1
        ) {
            self.reference = reference
            self.labels = labels
            self.behaviour = behaviour
            self.hasHealthcheck = hasHealthcheck
            self.build = build
        }

        var id: String {
            var hash: UInt64 = 14_695_981_039_346_656_037
            for byte in "\(FakeDocker.key(reference)) \(build)".utf8 {
                hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211
            }
            return "sha256:" + String(repeating: "0", count: 48) + Hex.string(hash)
        }
    }

    /// The operations of the port.
    package enum Operation: String, Sendable, CaseIterable {
        case ensureNetwork, pullImage, inspectImage, inspectContainer, run, stop, remove, list, eventsListen, ping
        case info, kill, inspectImageID, inspectNetwork
    }

    /// A call that changed something, or would have.
    package enum Change: Sendable, Equatable {
        case pull(String)
        case run(name: String)
        case stop(id: ContainerID, timeout: Duration)
        case kill(id: ContainerID, signal: String)
        case remove(id: ContainerID)
    }

    struct Fault {
        var error: DockerError
        var takesEffect: Bool
    }

    struct Container {
        var inspect: ContainerInspect
        var spec: RunSpec?
        var behaviour: Behaviour
        /// The address on the gateway bridge.
        var gatewayAddress: String?
    }

    let clock: @Sendable () -> Timestamp
    var containers: [ContainerID: Container] = [:]
    var images: [String: Image] = [:]
    /// Images that a reference has named before, by their ids.
    var untagged: [String: Image] = [:]
    var registry: [String: Image] = [:]
    var networks: Set<String> = []
    /// The overlay networks of its Swarm.
    var overlays: [String: Overlay] = [:]
    var swarm = SwarmState.none
    /// The ports of the host that other programs hold.
    var portsOfOthers: Set<Int> = []
    var faults: [Operation: [Fault]] = [:]
    var delays: [Operation: Duration] = [:]
    /// How long looks at single containers take.
    var inspectDelays: [String: Duration] = [:]
    var isReachable = true
    /// Whether there are events of what happens.
    var isHeard = true
    var history: [DockerEvent] = []
    var subscriptions: [Int: AsyncThrowingStream<DockerEvent, any Error>.Continuation] = [:]
    var lastSubscription = 0
    /// Subscriptions whose readers have left.
    let ended = Notes()
    var lastContainer = 0
    var engineID: String
    /// When the Engine started; nil: it does not tell.
    var startedAt: Timestamp?

    /// What was changed through the port, in order.
    public private(set) var changes: [Change] = []
    /// How often each operation was called, however it ended.
    public private(set) var calls: [Operation: Int] = [:]

    /// - Parameter clock: the Engine's clock; by default one that goes on by a millisecond with each look at it.
    package init(id: String = "FAKE:ENGINE", clock: @escaping @Sendable () -> Timestamp = FakeDocker.tickingClock()) {
        engineID = id
        self.clock = clock
    }

    // MARK: What there is

    /// Puts an image onto the Engine.
    package func addImage(_ image: Image) {
        if let before = images[Self.key(image.reference)] { untagged[before.id] = before }
        images[Self.key(image.reference)] = image
    }

    /// Puts an image into the registry, from where it can be pulled.
    package func addToRegistry(_ image: Image) { registry[Self.key(image.reference)] = image }

    /// Removes an image from the Engine.
    package func removeImage(_ reference: String) { images[Self.key(reference)] = nil }

    /// Gives a container another name, as `docker rename` does.
    package func rename(container: String, to name: String) {
        guard let id = find(container)?.inspect.id else { return }
        containers[id]?.inspect.name = name
        emit("rename", id)
    }

    /// Makes a network.
    package func addNetwork(_ name: String) { networks.insert(name) }

    /// Removes a network.
    package func removeNetwork(_ name: String) {
        networks.remove(name)
        overlays[name] = nil
    }

    /// Every container, by name.
    package var containersByName: [String: ContainerInspect] {
        Dictionary(containers.values.map { ($0.inspect.name, $0.inspect) }) { first, _ in first }
    }

    /// The spec that a container was run with.
    package func spec(_ container: String) -> RunSpec? { find(container)?.spec }

    // MARK: Inside

    func record(_ change: Change) { changes.append(change) }

    /// Counts a call, and lets it wait and fail as tests have said.
    func enter(_ operation: Operation) async throws(DockerError) -> DockerError? {
        calls[operation, default: 0] += 1
        if let delay = delays[operation] {
            do {
                try await pause(delay, because: "a Docker Engine is slow")
            } catch {
                throw Self.cancelled(operation.rawValue)
            }
        }
        guard !Task.isCancelled else { throw Self.cancelled(operation.rawValue) }
        guard isReachable else { throw Self.unreachable(operation.rawValue) }
        guard var waiting = faults[operation], !waiting.isEmpty else { return nil }
        let fault = waiting.removeFirst()
        faults[operation] = waiting
        if !fault.takesEffect { throw fault.error }
        return fault.error
    }

    /// A clock that goes on by a millisecond with each look at it.
    package static func tickingClock(from start: Timestamp = Timestamp(seconds: 1_767_225_600))
        -> @Sendable () -> Timestamp
    {
        let ticks = Ticks()
        return { start.advanced(by: .milliseconds(ticks.next())) }
    }

    static func key(_ reference: String) -> String { ImageReference(reference)?.description ?? reference }

    static func unreachable(_ operation: String) -> DockerError {
        DockerError(.unavailable, operation: operation, message: "the Engine is out of reach", retryable: true)
    }

    static func cancelled(_ operation: String) -> DockerError {
        DockerError(.cancelled, operation: operation, message: "\(operation): cancelled")
    }
}
