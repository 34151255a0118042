import JobContract
import Primitives

/// What was asked for in a run, and what came of it: everything that the outside can see.
struct History: Sendable, Equatable {
    struct Push: Sendable, Equatable {
        var id: JobID
        var kind: JobKind
        var game: GameID
        /// Whether it makes earlier starts of its game pointless.
        var supersedes = false
        /// 2 and up: an operator's retry.
        var run = 1
        /// Whether Redis may have forgotten it after it had said that it was taken, or never said so.
        var mayBeLost = false

        var key: String { "\(id) \(run)" }
    }

    struct Result: Sendable, Equatable {
        var id: JobID
        var run = 1
        var game: GameID
        var outcome: JobOutcome
        var effect: JobEffect
        var containerID: ContainerID?
        /// Begin of the last attempt and end, Redis' clock; nil where it never began.
        var takenAt: Timestamp?
        var finishedAt: Timestamp
        /// The node of the worker that ended it; nil: the history does not say.
        var node: NodeID?
        var code: String?

        var key: String { "\(id) \(run)" }
    }

    struct Event: Sendable, Equatable {
        var kind: LifecycleKind
        var containerID: ContainerID
        var game: GameID
        var node: NodeID
        var epoch: Int64
        /// Begin of the run that it tells of.
        var startedAt: String?
        var occurredAt = ""
        var reason: String?
        /// How many of Docker's events it stands for; nil: it says nothing of that.
        var count: Int?
    }

    /// In the order in which the producer was told that they were taken.
    var pushes: [Push] = []
    /// In the order of the stream.
    var results: [Result] = []
    /// In the order of the stream.
    var events: [Event] = []
    /// Containers of the fleet that run at the end, by their ids, and the games they are of.
    var running: [ContainerID: GameID] = [:]
    /// What Redis still holds of live jobs at the end, each in words: lanes, leases, retries, counters.
    var leftovers: [String] = []
    /// Times of which Redis may have forgotten everything, on its own clock: what its file lacked after a power loss.
    var forgotten: [ClosedRange<Timestamp>] = []
    /// What was seen of several hosts.
    var hosts = Hosts()
}

extension History.Event {
    /// An entry of the stream.
    init(fields: [String: String]) {
        self.init(
            kind: fields["event"].flatMap { LifecycleKind(rawValue: $0) } ?? .oom,
            containerID: ContainerID(fields["container_id"] ?? ""),
            game: GameID(fields["game_id"] ?? ""),
            node: NodeID(fields["node"] ?? ""),
            epoch: fields["epoch"].flatMap { Int64($0) } ?? 0,
            startedAt: fields["started_at"],
            occurredAt: fields["occurred_at"] ?? "",
            reason: fields["reason"],
            count: fields["count"].flatMap { Int($0) }
        )
    }

    /// What is published under `epoch`.
    init(_ event: LifecycleEvent, node: NodeID, epoch: Int64) {
        self.init(
            kind: event.kind,
            containerID: event.containerID,
            game: event.gameID,
            node: node,
            epoch: epoch,
            startedAt: event.startedAt?.rfc3339,
            occurredAt: event.occurredAt.rfc3339,
            reason: event.reason?.rawValue,
            count: event.count
        )
    }
}
