import JobQueue
import Logging

extension Worker {
    /// The time between two checks of the keys' types, unless a call fails at a key sooner. A check has a command for
    /// each key, and most workers never find a wrong type.
    private static let keyInterval = Duration.seconds(300)
    /// The time between two checks while a key has a wrong type.
    private static let repairInterval = Duration.seconds(15)

    /// Checks the types of the shared keys until the task is cancelled, and reports keys of a wrong type.
    ///
    /// The log gets a report after each change and once a minute. The metrics and ``health`` get every result.
    func watchKeys() async {
        let reminder = LogThrottle()
        var reported: [KeyProblem] = []
        while !Task.isCancelled {
            do throws(QueueError) {
                let problems = try await queue.keyProblems()
                state.keysSeen(problems)
                RuntimeMetrics.keyProblems(problems.count)
                if problems != reported || !problems.isEmpty && reminder.begins() { report(problems) }
                reported = problems
            } catch {
                logger.debug("the types of the Redis keys cannot be checked", metadata: ["error": "\(error)"])
            }
            await state.keysSuspect.wait(atMost: reported.isEmpty ? Self.keyInterval : Self.repairInterval)
        }
    }

    private func report(_ problems: [KeyProblem]) {
        if problems.isEmpty { logger.notice("all keys in Redis have their right types again") }
        for problem in problems {
            logger.error(
                "a key in Redis has a wrong type; move it away (RENAME) or delete it",
                metadata: ["key": "\(problem.key)", "error": "\(problem)"]
            )
        }
    }

    /// Notes that Redis refuses to give messages of a queue. The other queues go on.
    func failed(_ name: String, _ error: QueueError) {
        state.keysSuspect.raise()
        RuntimeMetrics.redisFailed(in: .take)
        if state.queueFails.begins() {
            logger.error(
                "a queue cannot be read; the other queues go on",
                metadata: ["queue": "\(name)", "error": "\(error)"]
            )
        }
    }
}
