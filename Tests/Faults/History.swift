import JobContract
import Timestamps

/// What was asked for in a run, and what came of it: everything that the outside can see.
struct History: Sendable, Equatable {
    struct Push: Sendable, Equatable {
        var id: String
        var kind: JobKind
        var game: String
        /// Whether it makes earlier starts of its game pointless.
        var supersedes = false
    }

    struct Result: Sendable, Equatable {
        var id: String
        var game: String
        var outcome: JobOutcome
        var effect: JobEffect
        var containerID: String?
        /// Begin of the last attempt and end, Redis' clock; nil where it never began.
        var takenAt: Timestamp?
        var finishedAt: Timestamp
    }

    struct Event: Sendable, Equatable {
        var kind: LifecycleKind
        var containerID: String
        var game: String
        var node: String
        var epoch: Int64
    }

    /// In the order in which the producer was told that they were taken.
    var pushes: [Push] = []
    /// In the order of the stream.
    var results: [Result] = []
    /// In the order of the stream.
    var events: [Event] = []
    /// Containers of the fleet that run at the end, by their ids, and the games they are of.
    var running: [String: String] = [:]
    /// What Redis still holds of live jobs at the end, each in words: lanes, leases, retries, counters.
    var leftovers: [String] = []
}
