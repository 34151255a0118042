import JobQueue
import Logging
import RuntimeCore

/// Lengthens the leases of what runs, and brings what Redis says of each.
struct Heartbeat: Sendable {
    let queue: any DeliveryQueue
    let leases: LeaseBook
    let watch: EngineWatch
    let now: Signal
    /// Raised where Redis has to be told anew what the node owns.
    let mustTell: Signal
    let logger: Logger

    /// Beats every third of a lease while some are held, and whenever it is asked to, until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            let pause = await beat() ? queue.options.lease / 3 : .milliseconds(250)
            await now.wait(atMost: pause)
        }
    }

    /// One beat over all leases; none where there are none, since ticks tell that the worker lives. Answers whether Redis
    /// did.
    private func beat() async -> Bool {
        let held = leases.all
        guard !held.isEmpty else { return true }
        let requestStart = MonotonicClock.now
        do throws(QueueError) {
            let outcome = try await queue.beat(
                held.map { (id: $0.id, token: $0.token) },
                engineAnswers: watch.engineAnswers
            )
            let trustedUntil = requestStart.advanced(by: queue.options.lease - queue.options.leaseMargin)
            for (lease, answer) in zip(held, outcome.answers) { lease.answered(answer, trustedUntil: trustedUntil) }
            if outcome.mustTell { mustTell.raise() }
            return true
        } catch {
            guard !Task.isCancelled else { return true }
            RuntimeMetrics.redisFailed(in: "heartbeat")
            logger.warning("the heartbeat did not reach Redis", metadata: ["error": "\(error)"])
            return false
        }
    }
}
