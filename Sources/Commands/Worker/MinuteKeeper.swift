import JobQueue
import Logging
import QueueAdmin
import ServiceLifecycle

/// Keeps the figures of each minute in Redis for the charts of the console. One worker of the fleet does so; the others
/// see that it is done.
struct MinuteKeeper: Service {
    let queue: JobQueue
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                // At a random time of the minute, so that a large fleet does not ask all at once.
                try await Task.sleep(for: .milliseconds(.random(in: 45_000...75_000)))
                do throws(QueueError) {
                    try await queue.keepLastMinute()
                } catch {
                    logger.debug("the figures of a minute are missing", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
