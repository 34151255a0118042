import DockerPort
import JobContract
import Primitives
import Redis
import RuntimeCore
import Synchronization

@testable import JobQueue
@testable import Runtime
@testable import Support

/// The clock of an Engine, which shows no time twice.
final class EngineClock: Sendable {
    let scheduler: Scheduler
    let last = Mutex<Int64>(0)

    init(_ scheduler: Scheduler) { self.scheduler = scheduler }

    func next() -> Timestamp {
        let now = scheduler.now.nanoseconds - 1_000_000_000
        return World.start.advanced(
            by: .nanoseconds(
                last.withLock { last in
                    last = max(last + 1, now)
                    return last
                }
            )
        )
    }
}
