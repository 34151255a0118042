import RuntimeCore
import Tracing

/// The settings of a worker.
package struct WorkerConfiguration: Sendable {
    package var node: NodeSettings
    /// The number of concurrent starts and restarts, and the same number of concurrent stops and removes.
    package var concurrency: Int
    /// The time to wait for running jobs when the worker ends.
    package var drainTimeout: Duration
    /// The duration of the leader's lease without a renewal.
    package var leaderTTL: Duration
    /// The owner of a new state folder; nil: the worker's own user.
    package var stateOwner: StateOwner?
    /// The permissions of a new state folder.
    package var stateMode: UInt32
    package var retries: RetryPolicy
    /// The time that a started process must run before the start counts as successful.
    package var startSettle: Duration
    /// The janitor's rights over containers without a purpose.
    package var janitor: JanitorMode
    /// The time for which a container must be without a purpose before its removal.
    package var janitorGrace: Duration
    /// The greatest number of ended containers to keep for their logs on the node. The oldest are removed first.
    package var keptContainers: Int
    /// Whether the games end when Redis has been silent for almost the grace of a node.
    package var stopsWhenCutOff: Bool
    /// The tracer for the spans of jobs; nil: no tracing.
    package var tracer: (any Tracer)?

    /// A user and a group, as numbers.
    package struct StateOwner: Sendable, Equatable {
        package var user: UInt32
        package var group: UInt32

        package init(user: UInt32, group: UInt32) {
            self.user = user
            self.group = group
        }
    }

    package init(
        node: NodeSettings,
        concurrency: Int,
        drainTimeout: Duration = .seconds(30),
        leaderTTL: Duration = .seconds(4),
        stateOwner: StateOwner? = nil,
        stateMode: UInt32 = 0o750,
        retries: RetryPolicy = RetryPolicy(),
        startSettle: Duration = .zero,
        janitor: JanitorMode = .report,
        janitorGrace: Duration = .seconds(600),
        keptContainers: Int = 200,
        stopsWhenCutOff: Bool = false
    ) {
        self.node = node
        self.concurrency = concurrency
        self.drainTimeout = drainTimeout
        self.leaderTTL = leaderTTL
        self.stateOwner = stateOwner
        self.stateMode = stateMode
        self.retries = retries
        self.startSettle = startSettle
        self.janitor = janitor
        self.janitorGrace = janitorGrace
        self.keptContainers = keptContainers
        self.stopsWhenCutOff = stopsWhenCutOff
    }
}
