import DequeModule
import NIOCore

/// What was written and is unanswered, in the order of writing, which is the order of the replies.
///
/// Pure: handles are whatever the caller waits with, and the time comes in as a parameter. An entry stays until
/// its last reply came even where nobody waits any more, or a late reply would answer the wrong command.
struct ReplyQueue<Handle> {
    /// One command, or a pipeline with one reply for each of its commands.
    struct Entry {
        let handle: Handle
        let isPipeline: Bool
        var missing: Int
        let deadline: NIODeadline
        var timedOut = false
        var replies: [RedisValue] = []
    }

    /// What a reply completes.
    enum Acceptance {
        /// Nothing was asked.
        case unsolicited
        /// A pipeline that lacks more.
        case partial
        /// The reply to a single command.
        case single(Handle, RedisValue)
        /// All replies to a pipeline.
        case pipeline(Handle, [RedisValue])
    }

    /// What a look at the clock finds.
    struct Expiry {
        /// Whose time ran out since the last look.
        var timedOut: [Handle] = []
        /// The oldest entry is among the late ones: the connection answers nothing and must be closed.
        var isStalled = false
    }

    private var entries: Deque<Entry> = []
    /// The earliest deadline of any entry, or an earlier one: entries that leave do not move it.
    private(set) var nextDeadline: NIODeadline?
    /// Replies that are still to come.
    private(set) var missing = 0

    var isEmpty: Bool { entries.isEmpty }

    /// Remembers what was just written.
    mutating func append(_ handle: Handle, replies: Int, isPipeline: Bool, deadline: NIODeadline) {
        var entry = Entry(handle: handle, isPipeline: isPipeline, missing: replies, deadline: deadline)
        if isPipeline { entry.replies.reserveCapacity(replies) }
        entries.append(entry)
        missing += replies
        nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline
    }

    /// Gives the next reply to the oldest entry.
    mutating func accept(_ value: RedisValue) -> Acceptance {
        guard !entries.isEmpty else { return .unsolicited }
        missing -= 1
        guard entries[0].isPipeline else { return .single(entries.removeFirst().handle, value) }
        // In place: a copy of the entry would make every append copy the replies that came before.
        entries[0].replies.append(value)
        entries[0].missing -= 1
        guard entries[0].missing == 0 else { return .partial }
        let done = entries.removeFirst()
        return .pipeline(done.handle, done.replies)
    }

    /// Marks what is late at `now` and finds the next deadline.
    mutating func expire(now: NIODeadline) -> Expiry {
        var expiry = Expiry()
        nextDeadline = nil
        for index in entries.indices {
            let deadline = entries[index].deadline
            if deadline > now {
                nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline
            } else if !entries[index].timedOut {
                entries[index].timedOut = true
                expiry.timedOut.append(entries[index].handle)
            }
        }
        expiry.isStalled = entries.first?.timedOut ?? false
        return expiry
    }

    /// Gives up everything, oldest first: no more replies will come.
    mutating func removeAll() -> [Handle] {
        let handles = entries.map(\.handle)
        entries.removeAll()
        missing = 0
        nextDeadline = nil
        return handles
    }
}
