import Primitives

/// Decides when a node without an answer from Redis stops its games, before the fleet counts the node as lost.
///
/// Other nodes take over games of a lost node. So a game must have ended on a cut-off node before that, or the game runs
/// twice.
package struct CutOffWatch: Sendable, Equatable {
    package enum Step: Sendable, Equatable {
        /// Look again after this time.
        case wait(Duration)
        case stopGames
    }

    /// The time for SIGTERM before SIGKILL.
    package static let stopTimeout = Duration.seconds(10)
    /// The time to list the containers.
    private static let listTime = Duration.seconds(2)
    /// The longest pause between two looks.
    private static let longestPause = Duration.seconds(1)
    /// The shortest silence. Three signs of life are missing then.
    package static let shortestSilence = Duration.milliseconds(7_500)

    private let limit: Duration
    private var hasStopped = false

    /// - Parameters:
    ///   - grace: The silence after which a node is lost.
    ///   - lease: The duration of a lease. The last sign of life that Redis knows may be this much older than the last
    ///     answer.
    package init(grace: Duration, lease: Duration) { limit = Self.limit(grace: grace, lease: lease) }

    /// Returns the silence after which the games are stopped.
    package static func limit(grace: Duration, lease: Duration) -> Duration {
        max(grace, lease * 2) - lease - stopTimeout - listTime
    }

    /// Returns the next step.
    ///
    /// - Parameter silence: The time since the last answer from Redis.
    package mutating func step(silence: Duration) -> Step {
        guard silence >= limit else {
            hasStopped = false
            return .wait(min(limit - silence, Self.longestPause))
        }
        return hasStopped ? .wait(Self.longestPause) : .stopGames
    }

    /// Notes that the games have been stopped. They are stopped once in a silence.
    package mutating func stopped() { hasStopped = true }
}
