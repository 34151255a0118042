import RuntimeCore
import Tracing

/// What a worker can be told.
package struct WorkerConfiguration: Sendable {
    package var node: NodeSettings
    /// Starts and restarts at once; as many stops and removes beside them.
    package var concurrency: Int
    /// Games that the node may run; 0: no bound.
    package var slots: Int
    /// How long running jobs are waited for at the end.
    package var drainTimeout: Duration
    /// How long the lease of the node's listener lasts without renewal.
    package var leaderTTL: Duration
    /// Owner of a new state folder; nil: the worker's own user.
    package var stateOwner: StateOwner?
    /// Permissions of a new state folder.
    package var stateMode: UInt32
    package var retries: RetryPolicy
    /// How long the process of a start must have run before the start counts as successful.
    package var startSettle: Duration
    /// What is done about containers that nothing needs.
    package var janitor: JanitorMode
    /// How long such a container must be so before it is removed.
    package var janitorGrace: Duration
    /// Most containers of the node that have ended and are kept for their logs; the oldest go.
    package var keptContainers: Int
    /// Who keeps the spans of jobs; nil: there are none.
    package var tracer: (any Tracer)?

    /// User and group, as numbers.
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
        slots: Int = 0,
        drainTimeout: Duration = .seconds(30),
        leaderTTL: Duration = .seconds(5),
        stateOwner: StateOwner? = nil,
        stateMode: UInt32 = 0o750,
        retries: RetryPolicy = RetryPolicy(),
        startSettle: Duration = .zero,
        janitor: JanitorMode = .report,
        janitorGrace: Duration = .seconds(600),
        keptContainers: Int = 200
    ) {
        self.node = node
        self.concurrency = concurrency
        self.slots = slots
        self.drainTimeout = drainTimeout
        self.leaderTTL = leaderTTL
        self.stateOwner = stateOwner
        self.stateMode = stateMode
        self.retries = retries
        self.startSettle = startSettle
        self.janitor = janitor
        self.janitorGrace = janitorGrace
        self.keptContainers = keptContainers
    }
}
