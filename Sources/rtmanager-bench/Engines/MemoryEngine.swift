import DockerPort
import JobContract
import Primitives
import Runtime
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An in-memory Docker Engine with containers and events. Every image exists, and every start succeeds after
/// `startTime`, unless the name is taken.
final class MemoryEngine: DockerClient {
    private struct State {
        /// The containers by id.
        var containers: [ContainerID: ContainerInspect] = [:]
        var ids: [String: ContainerID] = [:]
        var listeners: [UInt64: AsyncThrowingStream<DockerEvent, any Error>.Continuation] = [:]
        var lastListener: UInt64 = 0
    }

    private let state = Mutex(State())
    private let startTime: Duration

    /// Creates a Docker Engine.
    ///
    /// - Parameter foreign: Containers from the beginning. The leader has to publish these containers.
    init(startTime: Duration = .zero, foreign: [ContainerInspect] = []) {
        self.startTime = startTime
        state.withLock { state in
            for container in foreign {
                state.containers[container.id] = container
                state.ids[container.name] = container.id
            }
        }
    }

    private static let foreignGame = "by-hand-"

    /// Returns the process whose first foreign container belongs to `game`; nil: `game` is not of this kind.
    static func process(ofForeign game: String) -> Int? {
        game.hasPrefix(foreignGame) ? Int(game.dropFirst(foreignGame.count)) : nil
    }

    /// Returns a running container of this process, not started by any job.
    static func foreign(namespace: String, number: Int = 0) -> ContainerInspect {
        let suffix = number > 0 ? "-\(number)" : ""
        let game = foreignGame + String(ProcessInfo.processInfo.processIdentifier) + suffix
        let labels: LabelMap = [
            GalaxyLabel.owner: GalaxyLabel.ownerValue, GalaxyLabel.namespace: namespace, GalaxyLabel.gameID: game,
            GalaxyLabel.jobID: game,
        ]
        let now = SystemClock.now()
        return ContainerInspect(
            id: newID(),
            name: "galaxy-game-\(game)",
            imageRef: "galaxy/engine:1",
            hostname: "galaxy-game-\(game)",
            labels: labels,
            status: "running",
            createdAt: now,
            startedAt: now
        )
    }

    private static func newID() -> ContainerID {
        ContainerID((0..<4).map { _ in Hex.string(UInt64.random(in: .min ... .max)) }.joined())
    }

    func ensureNetwork(_ name: String) async throws(DockerError) {}

    func inspectNetwork(_ name: String) async throws(DockerError) -> NetworkInspect { NetworkInspect(name: name) }

    func pullImage(
        _ reference: String,
        policy: PullPolicy,
        progress: (@Sendable (PullProgress) -> Void)?
    ) async throws(DockerError) {}

    func inspectImage(_ reference: String) async throws(DockerError) -> ImageInspect { ImageInspect(ref: reference) }

    func inspectImage(id: String) async throws(DockerError) -> ImageInspect { ImageInspect(ref: id, id: id) }

    func inspectContainer(_ container: String) async throws(DockerError) -> ContainerInspect {
        guard let found = state.withLock({ $0.containers[$0.ids[container] ?? ContainerID(container)] }) else {
            throw Self.absent("inspectContainer", container)
        }
        return found
    }

    func run(_ spec: RunSpec) async throws(DockerError) -> RunResult {
        do {
            try await Task.sleep(for: startTime)
        } catch {
            throw DockerError(.cancelled, operation: "run", message: "cancelled before anything was made")
        }
        let now = SystemClock.now()
        let made = ContainerInspect(
            id: Self.newID(),
            name: spec.name,
            imageRef: spec.image,
            hostname: spec.hostname,
            labels: spec.labels,
            status: "running",
            createdAt: now,
            startedAt: now,
            nanoCPUs: Int64((spec.cpuQuota * 100).rounded()) * 10_000_000,
            memoryBytes: MemorySize(spec.memory)?.bytes ?? 0
        )
        let isFree = state.withLock { state in
            guard state.ids[made.name] == nil else { return false }
            state.ids[made.name] = made.id
            state.containers[made.id] = made
            return true
        }
        guard isFree else {
            throw DockerError(.nameConflict, operation: "run", message: "\(spec.name) is there already")
        }
        tell("start", made, at: now)
        return RunResult(containerID: made.id, engineEndpoint: spec.engineEndpoint, startedAt: now)
    }

    func stop(_ container: String, timeout: Duration) async throws(DockerError) -> StopOutcome {
        StopOutcome(alreadyStopped: try end(container, code: 0, "stop") == nil)
    }

    func kill(_ container: String, signal: String) async throws(DockerError) {
        guard try end(container, code: 137, "kill") != nil else {
            throw DockerError(.containerNotRunning, operation: "kill", message: "\(container) does not run")
        }
    }

    /// Ends a running container. Returns nil if the container does not run.
    private func end(_ container: String, code: Int, _ operation: String) throws(DockerError) -> ContainerInspect? {
        let now = SystemClock.now()
        var isThere = false
        let ended: ContainerInspect? = state.withLock { state in
            guard var found = state.containers[state.ids[container] ?? ContainerID(container)] else { return nil }
            isThere = true
            guard found.status == "running" else { return nil }
            found.status = "exited"
            found.exitCode = code
            found.finishedAt = now
            state.containers[found.id] = found
            return found
        }
        guard isThere else { throw Self.absent(operation, container) }
        if let ended { tell("die", ended, at: now) }
        return ended
    }

    func remove(_ container: String) async throws(DockerError) {
        _ = try? end(container, code: 137, "remove")
        let removed: ContainerInspect? = state.withLock { state in
            let id = state.ids[container] ?? ContainerID(container)
            guard let found = state.containers.removeValue(forKey: id) else { return nil }
            state.ids[found.name] = nil
            return found
        }
        if let removed { tell("destroy", removed, at: SystemClock.now()) }
    }

    func list(_ filter: ListFilter) async throws(DockerError) -> [ContainerSummary] {
        // Copy the containers first, so that other calls need not wait for the filter.
        state.withLock { $0.containers }.values.filter { container in
            container.labels.hasAll(of: filter.labels)
        }.map { container in
            ContainerSummary(
                id: container.id,
                name: container.name,
                imageRef: container.imageRef,
                hostname: container.hostname,
                labels: container.labels,
                status: container.status,
                startedAt: container.startedAt
            )
        }
    }

    func eventsListen(since: Timestamp?) async throws(DockerError) -> DockerEvents {
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: DockerEvent.self,
            throwing: (any Error).self,
            bufferingPolicy: .bufferingOldest(65_536)
        )
        let number = state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            return state.lastListener
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return DockerEvents(stream)
    }

    private func tell(_ action: String, _ container: ContainerInspect, at time: Timestamp) {
        let event = DockerEvent(
            action: action,
            containerID: container.id,
            name: container.name,
            image: container.imageRef,
            labels: container.labels,
            exitCode: container.exitCode,
            hasExitCode: action == "die",
            occurredAt: time
        )
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.yield(event) }
    }

    func ping() async throws(DockerError) {}

    func startTime() async throws(DockerError) -> Timestamp? { nil }

    func info() async throws(DockerError) -> EngineInfo {
        EngineInfo(id: "bench", name: "bench", serverVersion: "0", apiVersion: "1.41", cpus: 2, memoryBytes: 1 << 34)
    }

    private static func absent(_ operation: String, _ container: String) -> DockerError {
        DockerError(.containerNotFound, operation: operation, message: "there is no container \(container)")
    }
}
