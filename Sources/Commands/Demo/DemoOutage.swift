import Primitives
import Redis
import Terminal

/// An outage of Redis during `demo --stay`, from the first failed call to the next answer.
struct DemoOutage: Sendable, Equatable {
    /// The longest outage. A longer one ends the demo.
    static let longest = Duration.seconds(300)

    /// The next step after a call.
    enum Step: Sendable, Equatable {
        /// Redis answers as before.
        case goOn
        /// The outage begins: say so, and call again.
        case begin
        /// The outage goes on: call again.
        case wait
        /// Redis answers after this time.
        case end(after: Duration)
        case giveUp(after: Duration)
    }

    private let limit: Duration
    private var begun: ContinuousClock.Instant?

    init(limit: Duration = longest) { self.limit = limit }

    /// Notes an answer of Redis.
    mutating func answered(at now: ContinuousClock.Instant) -> Step {
        guard let begun else { return .goOn }
        self.begun = nil
        return .end(after: begun.duration(to: now))
    }

    /// Notes a call without an answer.
    ///
    /// - Parameter called: The time of the call.
    mutating func failed(calledAt called: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> Step {
        guard let begun else {
            begun = called
            return called.duration(to: now) < limit ? .begin : .giveUp(after: called.duration(to: now))
        }
        let time = begun.duration(to: now)
        return time < limit ? .wait : .giveUp(after: time)
    }
}

/// The Redis client of `demo --stay`. Calls outlast an outage of Redis, like the calls of a worker.
struct PatientRedis: Sendable {
    private static let pause = Duration.milliseconds(500)

    let client: RedisClient
    let printer: DemoPrinter
    var limit = DemoOutage.longest

    /// Sends a command until Redis answers. The command must be harmless if Redis executes it twice.
    ///
    /// - Throws: ``CommandError`` if Redis does not answer for the time limit. The error of Redis if Redis refuses the
    ///   command. An error after a cancellation.
    func send(_ command: RedisCommand) async throws -> RedisValue {
        var outage = DemoOutage(limit: limit)
        while true {
            let called = ContinuousClock.now
            do throws(RedisError) {
                let value = try await client.send(command)
                if case .end(let time) = outage.answered(at: .now) { printer.outageEnds(after: time) }
                return value
            } catch {
                try Task.checkCancellation()
                guard !error.isOfThisCommand, !error.isRefusal else { throw error }
                switch outage.failed(calledAt: called, at: .now) {
                case .begin: printer.outageBegins("\(error)", limit: limit)
                case .giveUp(let time): throw Self.gaveUp(error, after: time)
                case .goOn, .wait, .end: break
                }
            }
            // A refused connection fails at once, and Redis needs time for its start.
            try await Task.sleep(for: Self.pause)
        }
    }

    private static func gaveUp(_ error: RedisError, after time: Duration) -> CommandError {
        let span = ShortTime.span(milliseconds: time.milliseconds)
        return .outOfReach("the private Redis has not answered for \(span), so the demo ends: \(error)")
    }
}
