import DockerPort
import JobContract
import Primitives
import RuntimeCore

extension JobRunner {
    /// Longest pause between two inspections during the settle time.
    private static let settlePause = Duration.milliseconds(250)

    /// Waits until the process started by this job has run for the operator's settle time.
    ///
    /// - Throws: `start_failed` with the exit code if the process ends before; the container stays for its logs.
    ///   `docker_error` if the task is cancelled; the container is removed first.
    func requireSettled(_ ending: JobEnding, _ job: Job) async throws(JobFailure) {
        let time = configuration.startSettle
        guard time > .zero, ending.effect == .started, let id = ending.containerID else { return }
        let end = MonotonicClock.now.advanced(by: time)
        var left = time
        while left > .zero {
            try? await MonotonicClock.sleep(for: min(left, Self.settlePause))
            if Task.isCancelled {
                await withCancellationShield { await removeCancelled(id, job) }
                throw JobFailure(.dockerError, "cancelled while the process was watched")
            }
            // Read before the inspection, so the inspection happens at the end of the settle time or later.
            left = MonotonicClock.now.duration(to: end)
            guard let container = try await look(at: id) else {
                throw JobFailure(
                    .startFailed,
                    "the container was removed before its process had run for \(time.shortText)"
                )
            }
            guard !container.isRunning else { continue }
            throw JobFailure(
                .startFailed,
                "\(container.endedSentence) before it had run for \(time.shortText); the container stays for its logs",
                container: .init(id: id, name: container.name)
            )
        }
    }
    private func look(at id: ContainerID) async throws(JobFailure) -> ContainerInspect? {
        do throws(DockerError) {
            return try await docker.inspectContainer(id.text)
        } catch {
            guard error.code == .containerNotFound else { throw JobFailure(error) }
            return nil
        }
    }
}
