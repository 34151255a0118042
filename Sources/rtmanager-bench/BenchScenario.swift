import ArgumentParser

/// The scenarios of `rtmanager bench`.
enum BenchScenario: String, ExpressibleByArgument, CaseIterable, Encodable, Sendable {
    case drain, latency, backlog, start, rate, events, idle, failover, soak, reconcile, fleet, nodes, peers

    /// The default scenarios.
    static let usual: [BenchScenario] = [.drain, .latency, .idle]

    /// Whether the scenario needs a real Docker Engine.
    var needsEngine: Bool { [.start, .rate, .events].contains(self) }
}

/// The scenarios and the amount of measurements.
struct BenchOptions: Sendable {
    var scenarios = BenchScenario.usual
    /// Whether each scenario takes a few seconds only: enough to see that it works, too little for figures.
    var isQuick = false
    /// The number of jobs in a drain; nil: 20,000, or 2,000 if ``isQuick`` is true.
    var jobs: Int?
    /// The number of rounds; nil: the scenario's own number.
    var rounds: Int?
    /// The number of jobs the worker runs at a time during a drain.
    var concurrency = 128
    var kind = BenchKind.stop
    /// Whether each drain runs a second time with metrics and traces.
    var isObserved = false
    /// The length of a soak, in minutes; nil: 30 minutes, or 10 s if ``isQuick`` is true.
    var minutes: Double?
    /// The number of nodes in a fleet; nil: 100, or 6 if ``isQuick`` is true.
    var nodes: Int?
    /// The image for containers on a real Docker Engine.
    var image: String?
    /// The file that describes the peers.
    var peers: String?
    /// The names of the peers to measure, with commas; nil: all peers of the file.
    var only: String?

    func full<Value>(_ value: Value, quick: Value) -> Value { isQuick ? quick : value }
}

/// The kind of the jobs in a drain.
enum BenchKind: String, ExpressibleByArgument, CaseIterable, Sendable {
    case stop, start
}
