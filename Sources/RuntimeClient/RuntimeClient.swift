public import JobContract
public import Logging
import Primitives
public import Redis

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A client for producers and consumers: pushes jobs, waits for results, and reads the streams.
///
/// The client uses public keys only, and therefore works with all workers that keep the contract.
public struct RuntimeClient: Sendable {
    public let keys: Keyspace
    let redis: RedisClient
    let logger: Logger
    private let signer: JobSigner?

    /// - Parameters:
    ///   - redis: a Redis client that the caller runs.
    ///   - signingKeys: the keys for signed jobs; the first key signs. nil: the client does not sign.
    public init(_ redis: RedisClient, namespace: String = "rtm", signingKeys: SigningKeys? = nil, logger: Logger) {
        self.redis = redis
        signer = signingKeys.map { JobSigner($0, namespace: namespace) }
        self.logger = logger
        keys = Keyspace(namespace: namespace)
    }

    /// Runs `body` with a client that has its own connection to Redis.
    public static func with<R>(
        url: String,
        namespace: String = "rtm",
        signingKeys: SigningKeys? = nil,
        logger: Logger,
        _ body: (RuntimeClient) async throws -> R
    ) async throws -> R {
        let configuration = try RedisConfiguration(url: url)
        return try await RedisClient.withClient(configuration, clientName: "rtmanager-client", logger: logger) {
            try await body(RuntimeClient($0, namespace: namespace, signingKeys: signingKeys, logger: logger))
        }
    }

    /// Adds the job at the end of its queue.
    ///
    /// Workers drop a second job with the same id. After a lost answer, the caller can therefore repeat the push.
    public func enqueue(_ request: JobRequest) async throws(ClientError) {
        var request = request
        // A signed message needs a time: by the time, workers detect the replay of an old message.
        if signer != nil, request.enqueuedAt == nil { request.enqueuedAt = Self.now }
        var message = try request.message()
        if let signer { message = signer.sign(message) }
        _ = try await send(RedisCommand("LPUSH", .string(keys.queue(request.queue)), .string(message)))
    }

    /// Adds the job at the end of its queue and waits for the result. If a job with the same id has already ended,
    /// returns the earlier result and pushes nothing.
    ///
    /// - Throws: ``ClientError``; ``ClientError/idReused(id:asked:known:)`` if the id belongs to a job of another kind
    ///   or game.
    public func perform(
        _ request: JobRequest,
        within limit: Duration = .seconds(300)
    ) async throws(ClientError) -> JobResult {
        if let known = try await record(of: request.id) { return try request.accept(known) }
        let start = try await lastEntry(of: .results)
        try await enqueue(request)
        return try request.accept(try await result(of: request.id, after: start, within: limit))
    }

    /// Returns the record of an ended job; nil if the job has not ended or is not known.
    public func record(of id: JobID) async throws(ClientError) -> JobResult? {
        let answer = try await send(RedisCommand("HGETALL", .string(keys.job(id))))
        let record = JobResult(pairs: (answer.array ?? []).map { $0.string ?? "" })
        return record.outcome == nil ? nil : record
    }

    /// Returns the state of an admitted job; nil if no worker has admitted the job yet, or if the record has expired.
    public func state(of id: JobID) async throws(ClientError) -> JobState? {
        let answer = try await send(RedisCommand("HGET", .string(keys.job(id)), "state"))
        return answer.string.flatMap(JobState.init(rawValue:))
    }

    /// Waits for the result of a job that was pushed before.
    ///
    /// - Parameters:
    ///   - position: an entry of the stream of results from before the push; nil: check the job's record first, and
    ///     then wait for new entries.
    /// - Throws: ``ClientError/noResult(within:)`` after `limit`, or when the task is cancelled.
    public func result(
        of id: JobID,
        after position: String? = nil,
        within limit: Duration = .seconds(300)
    ) async throws(ClientError) -> JobResult {
        var from = position
        if from == nil {
            from = try await lastEntry(of: .results)
            if let record = try await record(of: id) { return record }
        }
        let reader = StreamReader(self, after: [.results: from ?? "0-0"])
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: limit)
        while clock.now < end, !Task.isCancelled {
            let pause = min(clock.now.duration(to: end), .seconds(2))
            let entries = await reader.next(within: pause)
            if let result = entries.lazy.compactMap(\.result).first(where: { $0.jobID == id }) {
                await reader.close()
                return result
            }
            // The entry may have been trimmed before the client read the entry.
            if entries.isEmpty, let record = try? await record(of: id) {
                await reader.close()
                return record
            }
        }
        await reader.close()
        throw .noResult(within: limit)
    }

    /// Returns the id of the last entry of a stream, as the first position of a reader.
    public func lastEntry(of stream: PublicStream) async throws(ClientError) -> String {
        let last = try await send(RedisCommand("XREVRANGE", .string(stream.key(keys)), "+", "-", "COUNT", 1))
        return StreamEntry.entries(last, of: stream).first?.id ?? "0-0"
    }

    /// Returns entries of a stream, the latest first.
    ///
    /// - Parameter before: only entries before this entry are returned; nil: begin with the latest entry.
    public func entries(
        of stream: PublicStream,
        before: String? = nil,
        limit: Int
    ) async throws(ClientError) -> [StreamEntry] {
        let newest = RedisArgument.string(before.map { "(" + $0 } ?? "+")
        let command = RedisCommand(
            "XREVRANGE",
            .string(stream.key(keys)),
            newest,
            "-",
            "COUNT",
            .integer(Int64(limit))
        )
        return StreamEntry.entries(try await send(command), of: stream)
    }

    private static var now: Timestamp {
        Timestamp(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    func send(_ command: RedisCommand) async throws(ClientError) -> RedisValue {
        do throws(RedisError) {
            return try await redis.send(command)
        } catch {
            throw ClientError(error)
        }
    }
}
