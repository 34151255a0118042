import DockerPort
import JobContract
import JobQueue
import Logging
import RuntimeCore
import Synchronization

/// The container that a job has started, until it is told.
final class BegunNote: Sendable {
    private let container = Mutex<BegunContainer?>(nil)

    var value: BegunContainer? { container.withLock { $0 } }

    func set(_ value: BegunContainer?) { container.withLock { $0 = value } }
}

extension JobRunner {
    /// Lets the listener be told that a container runs, so that its story is told even where it is gone before anyone
    /// could look: together with the end of the job, but at once where that is still to wait for the engine.
    func noteBegin(_ result: RunResult, _ spec: RunSpec, isAwaited: Bool) async {
        let mark = StoryMark(startedAt: result.startedAt, identity: ContainerIdentity(of: spec))
        if isAwaited {
            await tell(.begun(mark: mark.encoded), of: result.containerID)
        } else {
            begun.set(BegunContainer(containerID: result.containerID, mark: mark.encoded))
        }
    }

    /// Tells the listener what the stop has seen, which the exit code alone does not say.
    func tellVerdict(_ outcome: StopOutcome, of id: String) async {
        guard !outcome.alreadyStopped else { return }
        await tell(.forced(outcome.forced), of: id)
    }

    /// Removes a container, and tells the listener before how it had ended: then nobody can look any more.
    func discard(_ id: String) async throws(JobFailure) {
        await tellEnd(of: id)
        try await call { () throws(DockerError) in try await docker.remove(id) }
    }

    private func tellEnd(of id: String) async {
        guard let container = try? await ownership.owned(id: id), let exit = ExitFacts(of: container.inspect) else {
            return
        }
        let mark = StoryMark(startedAt: container.inspect.startedAt, identity: ContainerIdentity(of: container))
        await tell(.begun(mark: mark.encoded), of: id)
        await tell(.exit(exit.encoded), of: id)
    }

    /// What cannot be told is found by looking, as a rule; no job fails for it.
    private func tell(_ note: ContainerNote, of id: String) async {
        do throws(QueueError) {
            try await queue.tell(note, of: id)
        } catch {
            logger.warning("the listener could not be told of a container", metadata: ["error": "\(error)"])
        }
    }
}
