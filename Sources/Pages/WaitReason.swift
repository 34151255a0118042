import JobContract
import QueueAdmin
import Terminal

/// Why a job waits, in the same words in every command and on every page.
package enum WaitReason: Sendable, Equatable {
    /// No worker of the game's node, or not its Docker Engine, has answered for this number of milliseconds.
    case nodeSilent(Int64)
    /// The game's node begins no start.
    case nodeDrained
    /// The game's node was lost, and first stops the games that it no longer owns.
    case nodeReturning
    case queuePaused
    /// Another job of the game comes first.
    case behind(JobID)
    /// An attempt failed; the next attempt follows after this number of milliseconds.
    case retry(Int64)

    /// Returns the reason for a job that could begin, as far as anybody knows; nil: the job waits for a free permit or for
    /// capacity.
    package static func ofReadyJob(_ detail: JobDetail) -> WaitReason? {
        if detail.isQueuePaused { return .queuePaused }
        guard let node = detail.owner else { return nil }
        switch NodeState(node, now: detail.now, lease: detail.lease) {
        case .silent(let time), .withoutEngine(let time), .lost(let time): return .nodeSilent(time)
        case .returning: return .nodeReturning
        case .draining: return detail.list?.hasPrefix("ready:start:") == true ? .nodeDrained : nil
        case .up, .joining: return nil
        }
    }

    /// The reason in words.
    package var phrase: String {
        switch self {
        case .nodeSilent(let time): "node silent for \(ShortTime.span(milliseconds: time))"
        case .nodeDrained: "node drained"
        case .nodeReturning: "node returning"
        case .queuePaused: "queue paused"
        case .behind(let id): "waits behind job \(id)"
        case .retry(let pause): "retry in \(ShortTime.span(milliseconds: pause))"
        }
    }
}
