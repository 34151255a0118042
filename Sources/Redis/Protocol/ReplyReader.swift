import CHiredis

/// Parses replies from the server's bytes with the reader of hiredis.
///
/// The object owns one `redisReader`. `next()` converts each `redisReply` into a `RedisValue` and frees the
/// `redisReply`. After an error the reader is unusable, and the owner must close the connection.
final class ReplyReader {
    /// The largest number of elements in an array, far above every reply to this project's commands. Without a limit, a
    /// forged header could reserve gigabytes.
    static let maximumElements = 1 << 20

    /// The deepest nesting of arrays, above every reply to this project's commands. hiredis from 1.0 on knows no limit,
    /// and conversion and release of a reply are recursive: a forged reply would overflow the stack.
    static let maximumDepth = 7

    private let reader: UnsafeMutablePointer<redisReader>
    /// The function table. The reader points to the table until `deinit`.
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let maximumReplyBytes: Int
    private var filter: LargeStringFilter?
    /// The size of a discarded string, until ``next()`` returns it.
    private var omitted: Int?
    /// The number of received bytes of the incomplete reply.
    private var unfinished = 0

    /// - Parameter largestString: The largest bulk string to keep, in bytes; nil: every string. Only for a connection
    ///   with one command at a time.
    init(maximumReplyBytes: Int, largestString: Int? = nil) throws(RedisError) {
        guard let reader = redisReaderCreate(), let defaults = reader.pointee.fn else {
            throw .protocolViolation("there is no memory for a reader of replies")
        }
        self.reader = reader
        self.maximumReplyBytes = maximumReplyBytes
        filter = largestString.map(LargeStringFilter.init)
        functions = .allocate(capacity: 1)
        functions.initialize(to: defaults.pointee)
        functions.pointee.createArray = { task, count in
            guard Int(count) <= ReplyReader.maximumElements, ReplyReader.depth(of: task) <= ReplyReader.maximumDepth,
                let defaults = task?.pointee.privdata
            else { return nil }
            return defaults.assumingMemoryBound(to: redisReplyObjectFunctions.self).pointee.createArray(task, count)
        }
        reader.pointee.privdata = UnsafeMutableRawPointer(defaults)
        reader.pointee.fn = functions
        reader.pointee.maxbuf = 1 << 17
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Adds received bytes. The bytes may end anywhere in a reply.
    func feed(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        guard let step = filter?.feed(bytes) else { return try add(bytes) }
        omitted = step.omitted
        let added: Result<Void, RedisError> = step.kept.withUnsafeBytes { kept in
            Result { () throws(RedisError) in try add(kept) }
        }
        try added.get()
    }

    private func add(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        guard redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK
        else { throw failure() }
        unfinished += bytes.count
    }

    /// Returns the next complete reply, or `nil` if the reader needs more bytes.
    func next() throws(RedisError) -> RedisValue? {
        if let bytes = omitted {
            omitted = nil
            return .omitted(bytes: bytes)
        }
        var object: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw failure() }
        guard let object else {
            try checkSize(unfinished)
            return nil
        }
        defer { freeReplyObject(object) }
        let left = Int(reader.pointee.len) - Int(reader.pointee.pos)
        try checkSize(unfinished - left)
        unfinished = left
        if left == 0 { filter?.replyEnded() }
        return try Self.value(object.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private func checkSize(_ bytes: Int) throws(RedisError) {
        guard bytes <= maximumReplyBytes else {
            throw .protocolViolation("a reply is larger than \(maximumReplyBytes) bytes")
        }
    }

    private func failure() -> RedisError {
        if reader.pointee.err == REDIS_ERR_OOM {
            let bounds = "\(Self.maximumElements) elements or \(Self.maximumDepth) levels"
            return .protocolViolation("an array of more than \(bounds), or no memory is left")
        }
        let text = withUnsafeBytes(of: &reader.pointee.errstr) { raw in
            String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .protocolViolation(text.isEmpty ? "the reply cannot be read" : text)
    }

    /// Returns the number of arrays around and including the one of a task.
    private static func depth(of task: UnsafePointer<redisReadTask>?) -> Int {
        var depth = 0
        var task = task
        while let here = task, depth <= maximumDepth {
            depth += 1
            task = UnsafePointer(here.pointee.parent)
        }
        return depth
    }

    /// Converts a reply. ``maximumDepth`` limits the recursion.
    private static func value(_ reply: redisReply) throws(RedisError) -> RedisValue {
        switch reply.type {
        case REDIS_REPLY_NIL: return .null
        case REDIS_REPLY_INTEGER: return .integer(reply.integer)
        case REDIS_REPLY_STRING: return .bulk(Array(bytes(reply)))
        case REDIS_REPLY_STATUS: return .status(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ERROR:
            return .error(RedisServerError(line: String(decoding: bytes(reply), as: UTF8.self)))
        case REDIS_REPLY_ARRAY:
            var elements: [RedisValue] = []
            elements.reserveCapacity(Int(reply.elements))
            for index in 0..<Int(reply.elements) {
                guard let element = reply.element[index] else {
                    throw .protocolViolation("an array lacks an element")
                }
                elements.append(try value(element.pointee))
            }
            return .array(elements)
        default:
            throw .protocolViolation("a reply of type \(reply.type), which is not part of RESP2")
        }
    }

    private static func bytes(_ reply: redisReply) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len))
    }
}
