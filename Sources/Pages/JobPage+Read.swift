import JobContract
import JobQueue
import QueueAdmin
import RuntimeClient

extension JobPage {
    /// The largest number of messages to read from each queue in search of a job that no worker has taken in.
    package static let mostMessages = 10_000

    /// Reads what Redis knows of a job; nil if it knows nothing.
    ///
    /// - Parameters:
    ///   - search: the number of latest events to search for those of the job's containers.
    ///   - messages: the largest number of messages to read from each queue.
    package static func read(
        _ id: JobID,
        _ queue: JobQueue,
        _ client: RuntimeClient,
        _ decoder: JobDecoder,
        search: Int,
        messages: Int = mostMessages
    ) async throws -> JobPage? {
        var page = JobPage(id: id)
        page.sight = try await queue.sight(of: id)
        if let sight = page.sight {
            if sight.state == .dead { page.dead = try await queue.deadLetter(named: id.text) }
            page.events = try await StreamSearch.run(client, streams: [.events], most: search) { $0.jobID == id }.found
            return page
        }
        let names = try await queue.knownQueues()
        func isWanted(_ message: [UInt8]) -> Bool {
            switch decoder.decode(message) {
            case .job(let job): job.id == id
            case .rejected(let rejection): rejection.id == id
            }
        }
        page.queued = try await queue.find(inQueues: names, most: messages, isWanted)
        if page.queued == nil {
            // A job in a queue that no worker serves is the likeliest to be looked for.
            let others = try await queue.unservedQueues(besides: names)
            page.queued = try await queue.find(inQueues: others, most: messages, isWanted)
        }
        if let found = page.queued { page.queued = try await queue.explained(found, decoder) }
        return page.queued == nil ? nil : page
    }

    /// Returns the jobs whose ids begin with a text: those with a record, and those that no worker has taken in.
    package static func candidates(
        _ prefix: String,
        _ queue: JobQueue,
        _ decoder: JobDecoder
    ) async throws -> [JobID] {
        guard prefix.utf8.count >= JobQueue.leastJobPrefix else { return [] }
        var found = Set(try await queue.jobs(withPrefix: prefix))
        let known = try await queue.knownQueues()
        let names = known + (try await queue.unservedQueues(besides: known))
        _ = try await queue.find(inQueues: names, most: mostMessages) { message in
            if case .job(let job) = decoder.decode(message), job.id.text.hasPrefix(prefix) { found.insert(job.id) }
            return false
        }
        return found.sorted()
    }
}
