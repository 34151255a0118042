import JobContract
import Primitives
import Synchronization

/// The games and jobs of a soak. Each game goes from start to stop to remove, and then begins again.
final class SoakLedger: Sendable {
    /// A job to push.
    struct Order: Sendable {
        var kind: JobKind
        var game: GameID
        var id: JobID
    }

    private struct State {
        /// The prefix of every id, because each id must be unique.
        let prefix: String
        var free: [GameID]
        var number = 0
        /// The jobs without a result, each with the time of its push.
        var waiting: [JobID: (order: Order, time: ContinuousClock.Instant)] = [:]
        var pushed = 0
        var duplicates = 0
        var failed = 0
        var lifecycles = 0
        /// The latencies of results in milliseconds, each with its time in seconds since the beginning.
        var latencies: [(at: Double, time: Double)] = []
    }

    private let state: Mutex<State>
    private let begin = ContinuousClock.now
    /// The largest number of kept latencies. Further latencies are left out.
    private static let maximumLatencies = 1 << 20

    /// Creates a ledger.
    ///
    /// - Parameters:
    ///   - games: The number of games. Each game has one job at a time.
    ///   - prefix: The prefix of the jobs' ids.
    init(games: Int, prefix: String) {
        state = Mutex(State(prefix: prefix, free: (0..<games).map { GameID("soak-\($0)") }))
    }

    /// Returns a start of an idle game; nil: no game is idle.
    func nextStart() -> Order? {
        state.withLock { state in
            guard let game = state.free.popLast() else { return nil }
            return Self.order(.start, game, &state)
        }
    }

    private static func order(_ kind: JobKind, _ game: GameID, _ state: inout State) -> Order {
        state.number += 1
        let order = Order(kind: kind, game: game, id: JobID("\(state.prefix)-\(kind.rawValue)-\(state.number)"))
        state.waiting[order.id] = (order, .now)
        state.pushed += 1
        return order
    }

    /// Records a result. Returns the game's next job; nil: the game is idle now, or the result is a duplicate.
    func ended(_ result: JobResult) -> Order? {
        state.withLock { state in
            guard let (order, time) = state.waiting.removeValue(forKey: result.jobID) else {
                if result.jobID.text.hasPrefix(state.prefix + "-") { state.duplicates += 1 }
                return nil
            }
            if !result.succeeded { state.failed += 1 }
            let entry = (begin.duration(to: .now).inSeconds, time.duration(to: .now).inMilliseconds)
            if state.latencies.count < Self.maximumLatencies { state.latencies.append(entry) }
            switch order.kind {
            case .start where result.succeeded: return Self.order(.stop, order.game, &state)
            case .remove:
                state.free.append(order.game)
                state.lifecycles += 1
                return nil
            default: return Self.order(.remove, order.game, &state)
            }
        }
    }

    var waiting: Int { state.withLock { $0.waiting.count } }
    var lifecycles: Int { state.withLock { $0.lifecycles } }

    /// Returns the figures of the soak.
    ///
    /// - Parameter time: The duration of the pushes, in seconds.
    func figures(over time: Double) -> [BenchFigure] {
        let state = state.withLock { $0 }
        let first = state.latencies.filter { $0.at < time / 4 }.map(\.time).quantile(0.99)
        let last = state.latencies.filter { $0.at >= time * 3 / 4 && $0.at < time }.map(\.time).quantile(0.99)
        return [
            BenchFigure("jobs", Double(state.pushed), ""),
            BenchFigure("results lost", Double(state.waiting.count), ""),
            BenchFigure("results twice", Double(state.duplicates), ""),
            BenchFigure("jobs failed", Double(state.failed), ""),
            BenchFigure("push to result, p99 of the first quarter", first, "ms"),
            BenchFigure("push to result, p99 of the last quarter", last, "ms", ratio: last / first),
        ]
    }
}
