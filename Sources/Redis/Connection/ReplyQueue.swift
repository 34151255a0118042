import DequeModule
import NIOCore

/// The queue of written calls without a complete reply. The order of writing is the order of the replies.
///
/// A pure value: the caller chooses the type of the handles, and passes the time as a parameter. An entry stays until
/// the last reply, even if the caller has stopped waiting. Otherwise a late reply would go to the wrong command.
struct ReplyQueue<Handle> {
    /// One command, or a pipeline with one reply for each command.
    struct Entry {
        let handle: Handle
        let isPipeline: Bool
        var missing: Int
        let deadline: NIODeadline
        var timedOut = false
        var replies: [RedisValue] = []
    }

    /// The effect of a reply.
    enum Acceptance {
        /// No command was waiting for a reply.
        case unsolicited
        /// The reply belongs to a pipeline, and more replies are missing.
        case partial
        /// The reply completes a single command.
        case single(Handle, RedisValue)
        /// The reply is the last of a pipeline. The array has all replies.
        case pipeline(Handle, [RedisValue])
    }

    /// The result of a check of the deadlines.
    struct Expiry {
        /// The entries with a deadline passed since the last check.
        var timedOut: [Handle] = []
        /// Whether the oldest entry is late. The server then answers nothing, and the connection must be closed.
        var isStalled = false
    }

    private var entries: Deque<Entry> = []
    /// The earliest deadline of the entries, or an earlier time: a reply does not recompute the deadline.
    private(set) var nextDeadline: NIODeadline?
    /// The number of missing replies.
    private(set) var missing = 0

    var isEmpty: Bool { entries.isEmpty }

    /// Adds a written call.
    mutating func append(_ handle: Handle, replies: Int, isPipeline: Bool, deadline: NIODeadline) {
        var entry = Entry(handle: handle, isPipeline: isPipeline, missing: replies, deadline: deadline)
        if isPipeline { entry.replies.reserveCapacity(replies) }
        entries.append(entry)
        missing += replies
        nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline
    }

    /// Assigns the next reply to the oldest entry.
    mutating func accept(_ value: RedisValue) -> Acceptance {
        guard !entries.isEmpty else { return .unsolicited }
        missing -= 1
        guard entries[0].isPipeline else { return .single(entries.removeFirst().handle, value) }
        // Change the entry in place: with a copy, each append would copy all earlier replies of the pipeline.
        entries[0].replies.append(value)
        entries[0].missing -= 1
        guard entries[0].missing == 0 else { return .partial }
        let done = entries.removeFirst()
        return .pipeline(done.handle, done.replies)
    }

    /// Marks the entries that are late at `now`, and recomputes the next deadline.
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

    /// Removes all entries, because no more replies will come. Returns the handles, oldest first.
    mutating func removeAll() -> [Handle] {
        let handles = entries.map(\.handle)
        entries.removeAll()
        missing = 0
        nextDeadline = nil
        return handles
    }
}
