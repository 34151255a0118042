import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import RuntimeCore
import Synchronization

/// The container started by a job, kept until the start is recorded in Redis.
final class StartedNote: Sendable {
    private let container = Mutex<StartedContainer?>(nil)

    var value: StartedContainer? { container.withLock { $0 } }

    func set(_ value: StartedContainer?) { container.withLock { $0 = value } }
}

extension JobRunner {
    /// Records that a container started. The leader can then publish the container's lifecycle, even if the container
    /// is gone before any inspection.
    ///
    /// - Parameter isAwaited: Whether the job still waits for the container. A waiting job records the start at once.
    ///   Every job records the start together with its end.
    func noteBegin(_ result: RunResult, _ spec: RunSpec, isAwaited: Bool) async {
        let checkpoint = Checkpoint(startedAt: result.startedAt, identity: ContainerIdentity(of: spec))
        if isAwaited { await record(.started(checkpoint: checkpoint.encoded), of: result.containerID) }
        startedNote.set(
            StartedContainer(
                containerID: result.containerID,
                checkpoint: checkpoint.encoded,
                demand: Demand(of: spec),
                port: result.hostPort
            )
        )
    }

    /// Records the result of a stop. The exit code alone does not show whether the stop needed SIGKILL.
    func recordStopResult(_ outcome: StopOutcome, of id: ContainerID) async {
        guard !outcome.alreadyStopped else { return }
        await record(.forced(outcome.forced), of: id)
    }

    /// Removes a container. Records the container's last run first, because nobody can inspect the container afterwards.
    func discard(_ id: ContainerID) async throws(JobFailure) {
        if let container = try? await ownership.owned(id: id) {
            await record { () throws(QueueError) in try await ownership.recordRun(of: container) }
        }
        try await call { () throws(DockerError) in try await docker.remove(id.text) }
    }

    private func record(_ note: ContainerNote, of id: ContainerID) async {
        await record { () throws(QueueError) in try await queue.record(note, of: id) }
    }

    /// Records facts for the leader. A failure has no effect on the job: an inspection usually finds the same facts.
    private func record(_ body: () async throws(QueueError) -> Void) async {
        do throws(QueueError) {
            try await body()
        } catch {
            logger.warning("a container could not be reported to the leader", metadata: ["error": "\(error)"])
        }
    }
}
