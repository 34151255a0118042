import DockerPort
import JobContract
import Primitives
import Synchronization

/// The observations of two readers about the same containers.
final class EventWatch: Sendable {
    private struct State {
        var containers: Set<ContainerID> = []
        var bare: [Double] = []
        var told: [(step: String, delay: Double)] = []
        /// The number of publications of each step of each container.
        var counts: [String: Int] = [:]
    }

    private static let steps = ["started", "exited", "removed"]
    /// The prefix of the observed games' names.
    private let prefix: String
    private let state = Mutex(State())

    init(prefix: String) { self.prefix = prefix }

    func game(_ number: Int) -> GameID { GameID("\(prefix)\(number)") }

    /// Returns the published step for an event; nil: the event is not published.
    static func step(of event: DockerEvent) -> String? {
        ["start": "started", "die": "exited", "destroy": "removed"][event.action]
    }

    func add(_ container: ContainerID) { _ = state.withLock { $0.containers.insert(container) } }

    /// Records an event at a bare reader of the Docker Engine.
    func bare(_ event: DockerEvent) {
        guard Self.step(of: event) != nil, event.labels[GalaxyLabel.gameID]?.hasPrefix(prefix) == true else { return }
        let delay = SystemClock.now().milliseconds(since: event.occurredAt)
        state.withLock { $0.bare.append(delay) }
    }

    /// Records an entry of the stream. Only entries caused by an event of the Docker Engine have a delay.
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

    /// Waits until a step of a container is published, for at most 5 s. Lost steps are counted at the end.
    ///
    /// The function polls, because a wake-up would change the measured moments. A pause of 5 ms is short in comparison
    /// with the Docker Engine's own time.
    func awaitTold(_ step: String, of container: ContainerID) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(5))
        while state.withLock({ $0.counts["\(step) \(container)"] == nil }), ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// The number of the containers' steps not published yet.
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

    func figures(_ name: String, beside baseline: EventWatch) -> [BenchFigure] {
        let state = state.withLock { $0 }
        let title = "event to its entry, \(name)"
        let all = delays().figures(title, "ms", baseline: baseline.delays())
        // The inspection after an exit waits while the Docker Engine works on the container and holds its lock.
        let steps = Self.steps.flatMap { step in
            delays(step).figures("\(title), \(step)", "ms", baseline: baseline.delays(step)).prefix(1)
        }
        return all + steps + [
            BenchFigure("event to a bare reader of the Engine, \(name), p50", state.bare.median, "ms"),
            BenchFigure("events told, \(name)", Double(state.counts.count), ""),
            BenchFigure("events lost, \(name)", Double(missing), "", baseline: Double(baseline.missing)),
            BenchFigure("events told twice, \(name)", Double(state.counts.values.count { $0 > 1 }), ""),
        ]
    }
}
