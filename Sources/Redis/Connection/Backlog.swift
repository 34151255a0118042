import DequeModule
import NIOCore

/// The queue of unwritten calls, and the bound on all unanswered commands.
///
/// A pure value, like `ReplyQueue`. Calls leave the queue in the order of arrival.
struct Backlog<Handle> {
    /// One call: a single command, or a pipeline of `commands` commands. `bytes` estimates the size on the wire.
    struct Entry {
        let handle: Handle
        let commands: Int
        let bytes: Int
        let deadline: NIODeadline
    }

    /// The result of a submission.
    enum Submission: Equatable {
        /// The call waits in the queue. The writer is awake already.
        case accepted
        /// The call waits in the queue. The caller must wake the writer.
        case acceptedWakeWriter
        /// The queue refuses the call for the given reason.
        case refused(RedisError)
    }

    /// The largest number of waiting and unanswered commands together.
    let limit: Int
    /// The number of waiting and unanswered commands.
    private(set) var unanswered = 0
    private(set) var isClosed = false
    private var waiting: Deque<Entry> = []
    private var writerIsWoken = false
    /// The earliest deadline of the waiting calls, or an earlier time: `take` does not recompute the deadline.
    private(set) var nextDeadline: NIODeadline?

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { waiting.isEmpty }

    /// Adds a call to the queue, or refuses the call if the queue is closed or full.
    mutating func submit(_ handle: Handle, commands: Int, bytes: Int, deadline: NIODeadline) -> Submission {
        guard !isClosed else { return .refused(.closed) }
        guard unanswered + commands <= limit else {
            return .refused(
                .overloaded("\(unanswered) commands are unanswered, \(commands) more would exceed \(limit)")
            )
        }
        unanswered += commands
        waiting.append(Entry(handle: handle, commands: commands, bytes: bytes, deadline: deadline))
        nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline
        guard !writerIsWoken else { return .accepted }
        writerIsWoken = true
        return .acceptedWakeWriter
    }

    /// Records that the writer runs. The next call must wake the writer again.
    mutating func writerStarted() {
        writerIsWoken = false
    }

    /// Removes the oldest calls, for the caller to write now.
    ///
    /// Returns as many calls as fit both bounds, and the oldest call even if `limit` bytes are too few. The commands
    /// count as unanswered until `release`.
    mutating func take(atMost count: Int, bytes limit: Int) -> [Handle] {
        var bytes = 0
        let fitting = waiting.prefix(count).prefix { entry in
            bytes += entry.bytes
            return bytes <= limit
        }
        let taken = waiting.prefix(max(fitting.count, 1)).map(\.handle)
        waiting.removeFirst(taken.count)
        if waiting.isEmpty { nextDeadline = nil }
        return taken
    }

    /// Records that `commands` commands were answered or given up.
    mutating func release(commands: Int) {
        unanswered -= commands
        assert(unanswered >= 0)
    }

    /// Removes and returns the calls whose deadline has passed at `now`, and recomputes the next deadline.
    mutating func expire(now: NIODeadline) -> [Handle] {
        var late: [Handle] = []
        waiting.removeAll { entry in
            guard entry.deadline <= now else { return false }
            late.append(entry.handle)
            unanswered -= entry.commands
            return true
        }
        nextDeadline = waiting.lazy.map(\.deadline).min()
        assert(unanswered >= 0)
        return late
    }

    /// Closes the queue for further calls, and removes and returns the waiting calls.
    mutating func close() -> [Handle] {
        isClosed = true
        return removeWaiting()
    }

    /// Removes and returns the waiting calls.
    mutating func removeWaiting() -> [Handle] {
        let handles = waiting.map(\.handle)
        unanswered -= waiting.reduce(0) { $0 + $1.commands }
        assert(unanswered >= 0)
        waiting.removeAll()
        nextDeadline = nil
        return handles
    }
}
