import DockerPort
import Primitives
import Runtime
import Synchronization

/// An in-memory Docker Engine without state, for measurements of a worker's own cost.
///
/// Calls return at once: every image exists, every start succeeds, and there are no containers.
final class ReadyEngine: DockerClient {
    private let listeners = Mutex<[AsyncThrowingStream<DockerEvent, any Error>.Continuation]>([])

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
        throw absent("inspectContainer", container)
    }

    func run(_ spec: RunSpec) async throws(DockerError) -> RunResult {
        let id = (0..<4).map { _ in Hex.string(UInt64.random(in: .min ... .max)) }
        return RunResult(
            containerID: ContainerID(id.joined()),
            engineEndpoint: spec.engineEndpoint,
            startedAt: Timestamp(millisecondsSinceEpoch: 1_764_000_000_000)
        )
    }

    func stop(_ container: String, timeout: Duration) async throws(DockerError) -> StopOutcome {
        throw absent("stop", container)
    }

    func remove(_ container: String) async throws(DockerError) {}

    func list(_ filter: ListFilter) async throws(DockerError) -> [ContainerSummary] { [] }

    /// Returns a stream without events that stays open as long as this Docker Engine exists.
    func eventsListen(since: Timestamp?) async throws(DockerError) -> DockerEvents {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: DockerEvent.self, throwing: (any Error).self)
        listeners.withLock { $0.append(continuation) }
        return DockerEvents(stream)
    }

    func ping() async throws(DockerError) {}

    func startTime() async throws(DockerError) -> Timestamp? { nil }

    func info() async throws(DockerError) -> EngineInfo {
        EngineInfo(id: "bench", name: "bench", serverVersion: "0", apiVersion: "1.41", cpus: 2, memoryBytes: 1 << 34)
    }

    func kill(_ container: String, signal: String) async throws(DockerError) { throw absent("kill", container) }

    private func absent(_ operation: String, _ container: String) -> DockerError {
        DockerError(.containerNotFound, operation: operation, message: "there is no container \(container)")
    }
}
