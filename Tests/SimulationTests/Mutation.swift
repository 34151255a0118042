/// A rule that is broken on purpose.
enum Mutation: String, CaseIterable, Sendable {
    /// A step is published whatever was published before.
    case unmarkedEmit
    /// Jobs of dead workers are not taken back.
    case noReclaim
    /// A job is ended by whoever has ever held it.
    case finishWithoutToken
    /// A leader that has been followed publishes on.
    case emitWithoutFence
    /// A node that returns goes on with the games that it no longer owns.
    case adoptAlways
    /// The owner that Redis knows keeps a game, however new the container of another node is.
    case noFenceCompare
    /// Leases end and nodes are lost without a look whether the clock was set ahead.
    case loseAfterClockStep
    /// A late step of an older container replaces the reservation of the newer one.
    case staleReservation
    /// A start takes a place that its node does not have.
    case overcommit

    /// Within how many seeds it must be found. That a leader is not fenced is hidden by the checkpoints in nearly all
    /// lives: it shows where its successor has published something, but not yet what the late leader publishes. Few lives
    /// lose a node whose game then moves, or the last writes of Redis with a game on two nodes.
    var seeds: UInt64 {
        let rare: [Mutation] = [.emitWithoutFence, .adoptAlways, .noFenceCompare]
        return rare.contains(self) ? 20_000 : 2_000
    }

    /// Where the search begins: a little before the first seed that finds it, so that a rare one costs seconds and not
    /// minutes. A change of the worker may move that seed; then the search takes longer.
    var first: UInt64 {
        switch self {
        case .adoptAlways: 5_200
        case .emitWithoutFence: 1_400
        case .noFenceCompare: 1_100
        default: 1
        }
    }
}
