import DockerPort
import JobContract
import Primitives
import Synchronization

/// What two readers saw of the same containers.
final class EventWatch: Sendable {
    private struct State {
        var containers: Set<String> = []
        var bare: [Double] = []
        var told: [(step: String, delay: Double)] = []
        /// How often each step of each container was told.
        var counts: [String: Int] = [:]
    }

    private static let steps = ["started", "exited", "removed"]
    /// Begins the name of each game that is watched.
    private let prefix: String
    private let state = Mutex(State())

    init(prefix: String) { self.prefix = prefix }

    func game(_ number: Int) -> String { "\(prefix)\(number)" }

    /// What is told of an event; nil for others.
    static func step(of event: DockerEvent) -> String? {
        ["start": "started", "die": "exited", "destroy": "removed"][event.action]
    }

    func add(_ container: String) { _ = state.withLock { $0.containers.insert(container) } }

    /// An event as a bare reader of the Engine sees it.
    func bare(_ event: DockerEvent) {
        guard Self.step(of: event) != nil, event.labels[GalaxyLabel.gameID]?.hasPrefix(prefix) == true else { return }
        let delay = SystemClock.now().milliseconds(since: event.occurredAt)
        state.withLock { $0.bare.append(delay) }
    }

    /// An entry of the stream. Only one that an event of the Engine has brought tells a delay.
    func told(_ fields: [String: String], at now: Timestamp) {
        guard let container = fields["container_id"], let step = fields["event"],
            fields["game_id"]?.hasPrefix(prefix) == true
        else { return }
        let time = fields["action"].flatMap { _ in fields["occurred_at"].flatMap { Timestamp(rfc3339: $0) } }
        state.withLock { state in
            state.counts["\(step) \(container)", default: 0] += 1
            if let time { state.told.append((step, now.milliseconds(since: time))) }
        }
    }

    /// Waits until a step of a container was told, for a while: what was lost is counted in the end. It asks now and
    /// then, since to be woken would change the moments that are measured; 5 ms are little beside the Engine's own time.
    func awaitTold(_ step: String, of container: String) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(5))
        while state.withLock({ $0.counts["\(step) \(container)"] == nil }), ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Steps of the containers that were not told yet.
    var missing: Int {
        state.withLock { state in
            state.containers.reduce(0) { sum, container in
                sum + Self.steps.count { state.counts["\($0) \(container)"] == nil }
            }
        }
    }

    private func delays(_ step: String? = nil) -> [Double] {
        state.withLock { $0.told }.filter { step == nil || $0.step == step }.map(\.delay)
    }

    func figures(_ name: String, beside floor: EventWatch) -> [BenchFigure] {
        let state = state.withLock { $0 }
        let title = "event to its entry, \(name)"
        let all = delays().figures(title, "ms", floor: floor.delays())
        // An exit's look waits where the Engine works at the container still, and locks it meanwhile.
        let steps = Self.steps.flatMap { step in
            delays(step).figures("\(title), \(step)", "ms", floor: floor.delays(step)).prefix(1)
        }
        return all + steps + [
            BenchFigure("event to a bare reader of the Engine, \(name), p50", state.bare.median, "ms"),
            BenchFigure("events told, \(name)", Double(state.counts.count), ""),
            BenchFigure("events lost, \(name)", Double(missing), "", floor: Double(floor.missing)),
            BenchFigure("events told twice, \(name)", Double(state.counts.values.count { $0 > 1 }), ""),
        ]
    }
}
