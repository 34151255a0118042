import Foundation
import JobContract
import Redis

/// The schemas of `docs/reference/schemas/`.
package enum ContractSchemas {
    /// The root of the package.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    package static let folder = root.appending(path: "docs/reference/schemas")

    package static let job = Result { try load("job") }
    package static let signedJob = Result { try load("signed-job") }
    package static let result = Result { try load("result") }
    package static let event = Result { try load("event") }
    package static let deadLetter = Result { try load("dead-letter") }
    package static let record = Result { try load("job-record") }

    package static func json(_ name: String) throws -> TestJSON {
        try TestJSON(text: try Data(contentsOf: folder.appending(path: name)))
    }

    private static func load(_ name: String) throws -> JSONSchema { try JSONSchema(try json("\(name).schema.json")) }

    /// What breaks the contract among everything that a namespace holds on its public streams and in the records of its
    /// jobs.
    package static func problems(of keys: Keyspace, on client: RedisClient) async throws -> [String] {
        var problems: [String] = []
        let streams = [(keys.results, result), (keys.events, event), (keys.dead, deadLetter)]
        for (stream, schema) in streams {
            let schema = try schema.get()
            for row in try await client.send(RedisCommand("XRANGE", .string(stream), "-", "+")).array ?? [] {
                let pairs = (row.array?.last?.array ?? []).map { $0.string ?? "" }
                let fields = JobResult(pairs: pairs).fields
                problems += schema.problems(of: TestJSON(fields: fields)).map { "\(stream) \(fields): \($0)" }
                guard stream == keys.results, let id = fields["job_id"] else { continue }
                problems += try await recordProblems(keys.job(JobID(id)), on: client)
            }
        }
        return problems
    }

    private static func recordProblems(_ key: String, on client: RedisClient) async throws -> [String] {
        let pairs = (try await client.send(RedisCommand("HGETALL", .string(key))).array ?? []).map { $0.string ?? "" }
        guard !pairs.isEmpty else { return [] }
        let fields = JobResult(pairs: pairs).fields
        return try record.get().problems(of: TestJSON(fields: fields)).map { "\(key): \($0)" }
    }

    /// What a schema says against a message that a decoder takes: it must say nothing.
    package static func problems(ofAccepted message: String) throws -> [String] {
        guard case .job = JobDecoder().decode(Array(message.utf8)) else { return [] }
        return try job.get().problems(of: TestJSON(text: Data(message.utf8)))
    }
}
