import ArgumentParser

/// What `rtmanager bench` can measure.
enum BenchForm: String, ExpressibleByArgument, CaseIterable, Encodable, Sendable {
    case drain, latency, backlog, start, rate, events, idle, failover, soak, reconcile

    /// What is measured where nothing is said.
    static let usual: [BenchForm] = [.drain, .latency, .idle]

    /// Whether it takes containers of a real Engine.
    var needsEngine: Bool { [.start, .rate, .events].contains(self) }
}

/// How much is measured.
struct BenchOptions: Sendable {
    var forms = BenchForm.usual
    /// Whether each form takes a few seconds: enough to see that it works, too little for figures.
    var isQuick = false
    /// Jobs of a drain; nil: 20,000, or 2,000 where it is to be quick.
    var jobs: Int?
    /// Drains of each; nil: 3, or 1 where it is to be quick.
    var rounds: Int?
    /// Jobs that the worker runs at a time while it drains.
    var concurrency = 128
    var kind = BenchKind.stop
    /// Whether each drain is done once more with metrics and traces.
    var isObserved = false
    /// Length of a soak; nil: 30 minutes, or 10 s where it is to be quick.
    var minutes: Double?
    /// Image of the containers on a real Engine.
    var image: String?

    func full<Value>(_ value: Value, quick: Value) -> Value { isQuick ? quick : value }
}

/// Jobs of a drain.
enum BenchKind: String, ExpressibleByArgument, CaseIterable, Sendable {
    case stop, start
}
