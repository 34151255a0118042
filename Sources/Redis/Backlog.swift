import DequeModule
import NIOCore

/// What callers asked and nobody has written yet, and the bound on all that is unanswered.
///
/// Pure, like `ReplyQueue`. Commands leave it in the order in which they came.
struct Backlog<Handle> {
    /// One call: a command, or a pipeline of `commands`, of about `bytes` on the wire.
    struct Entry {
        let handle: Handle
        let commands: Int
        let bytes: Int
        let deadline: NIODeadline
    }

    /// What becomes of a call.
    enum Submission: Equatable {
        /// It waits, and the writer already knows that there is something to write.
        case accepted
        /// It waits, and the writer must be woken.
        case acceptedWakeWriter
        /// It is not taken, for this reason.
        case refused(RedisError)
    }

    /// Commands that wait or are unanswered at most.
    let limit: Int
    /// Commands that wait or are unanswered.
    private(set) var unanswered = 0
    private(set) var isClosed = false
    private var waiting: Deque<Entry> = []
    private var writerIsWoken = false
    /// The earliest deadline of what waits, or an earlier one: calls that leave do not move it.
    private(set) var nextDeadline: NIODeadline?

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { waiting.isEmpty }

    /// Takes a call, or says why not.
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

    /// The writer is up: the next call must wake it again.
    mutating func writerStarted() {
        writerIsWoken = false
    }

    /// The oldest calls, to be written now: as many as fit, or one. They count as unanswered until `release`.
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

    /// This many commands are answered or given up.
    mutating func release(commands: Int) {
        unanswered -= commands
    }

    /// Removes and returns what is late at `now`, and finds the next deadline.
    mutating func expire(now: NIODeadline) -> [Handle] {
        var late: [Handle] = []
        waiting.removeAll { entry in
            guard entry.deadline <= now else { return false }
            late.append(entry.handle)
            unanswered -= entry.commands
            return true
        }
        nextDeadline = waiting.lazy.map(\.deadline).min()
        return late
    }

    /// Takes no more calls; returns those that wait.
    mutating func close() -> [Handle] {
        isClosed = true
        let handles = waiting.map(\.handle)
        unanswered -= waiting.reduce(0) { $0 + $1.commands }
        waiting.removeAll()
        nextDeadline = nil
        return handles
    }
}
