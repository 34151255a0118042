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

    /// Within how many seeds it must be found. That a leader is not fenced is hidden by the checkpoints in nearly all
    /// lives: it shows where its successor has published something, but not yet what the late leader publishes. Few lives
    /// lose a node whose game then moves.
    var seeds: UInt64 { self == .emitWithoutFence || self == .adoptAlways ? 20_000 : 2_000 }
}
