import JobQueue
import Logging
import RuntimeCore

/// Extends the leases of running jobs, and passes Redis' answer to each lease.
struct Heartbeat: Sendable {
    let queue: any DeliveryQueue
    let leases: LeaseBook
    let watch: DockerHealth
    let now: WakeSignal
    /// Raised if Redis no longer knows the games owned by the node.
    let mustAnnounce: WakeSignal
    let logger: Logger
    private let failures = LogThrottle()

    /// Extends the leases after each third of a lease's duration, and at once when `now` is raised, until the task is
    /// cancelled. After a failed call the pause is 250 ms.
    func run() async {
        while !Task.isCancelled {
            let pause = await beat() ? queue.options.lease / 3 : .milliseconds(250)
            await now.wait(atMost: pause)
        }
    }

    /// Extends all leases with a single call. Returns whether Redis answered.
    ///
    /// Without leases no call is necessary, because sweeps already show that the worker lives.
    private func beat() async -> Bool {
        let held = leases.all
        guard !held.isEmpty else { return true }
        let requestStart = MonotonicClock.now
        do throws(QueueError) {
            let outcome = try await queue.extend(
                held.map(\.held),
                docker: DockerState(answers: watch.engineAnswers)
            )
            let trustedUntil = requestStart.advanced(by: queue.options.lease - queue.options.leaseMargin)
            for (lease, answer) in zip(held, outcome.answers) { lease.answered(answer, trustedUntil: trustedUntil) }
            if outcome.mustAnnounce { mustAnnounce.raise() }
            return true
        } catch {
            guard !Task.isCancelled else { return true }
            RuntimeMetrics.redisFailed(in: .heartbeat)
            logger.log(
                level: failures.level(.warning),
                "the heartbeat did not reach Redis",
                metadata: ["error": "\(error)"]
            )
            return false
        }
    }
}
