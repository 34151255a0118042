import JobContract
import JobQueue
import Primitives
import Redis

extension JobQueue {
    /// Returns the jobs that match a filter, at most `limit` of each state. All reads have bounds.
    ///
    /// - Parameters:
    ///   - part: The part of the list.
    ///   - isBrief: Whether the first thousand jobs found of a state are enough for its begin. A part of a longer list
    ///     needs all jobs, for their order.
    ///   - decoder: Reads messages that no worker has taken in, and rejected messages.
    package func jobs(
        _ filter: JobFilter,
        part: JobListPart = .begin,
        isBrief: Bool = false,
        limit: Int,
        decoder: JobDecoder
    ) async throws(QueueError) -> JobList {
        var reader = JobListReader(
            queue: self,
            filter: filter,
            part: part,
            isBrief: isBrief,
            limit: limit,
            decoder: decoder
        )
        reader.list.now = try await redisTime()
        let states = part.position.map { [$0.state] } ?? ListedState.allCases
        for state in states where filter.states.contains(state) {
            switch state {
            case .retrying: try await reader.readRetrying()
            case .running: try await reader.readRunning()
            case .waiting: try await reader.readWaiting()
            case .dead: try await reader.readDead()
            }
        }
        return reader.list
    }
}

/// Reads a list of jobs from the sorted sets, lanes and queues that have them.
struct JobListReader {
    /// The largest number of live jobs, games or dead letters to search for those of a state.
    static let mostSearched = 20_000
    /// The largest number of messages to search in each queue and in its inbox.
    static let mostMessages = 1_000
    /// The number of commands in a pipeline.
    static let batch = 500
    /// The number of matching jobs that are enough for a brief list.
    private static let mostSorted = 1_000

    let queue: JobQueue
    let filter: JobFilter
    let part: JobListPart
    let isBrief: Bool
    let limit: Int
    let decoder: JobDecoder
    var list = JobList()
    /// The facts that explain why jobs wait. Many jobs have the same queue and node.
    var facts = WaitFacts()

    /// One job more than the list has tells that there are more.
    var wanted: Int { limit + 1 }
    /// The number of matching jobs to read before they are sorted.
    var enough: Int { isBrief ? max(limit, Self.mostSorted) + 1 : .max }

    /// Reads the jobs with a later attempt, in the order of the attempts.
    mutating func readRetrying() async throws(QueueError) {
        var nearest = NearestJobs(wanted, part: part)
        let bound = part.position?.key.map { RedisArgument.string("\($0.time)") }
        let range: [RedisArgument] =
            part.isBackward
            ? [bound ?? "+inf", "-inf", "BYSCORE", "REV"] : [bound ?? "-inf", "+inf", "BYSCORE"]
        let scores = try await scores("delayed", .retrying, range + ["LIMIT", 0, .integer(Int64(Self.mostSearched))])
            .filter { nearest.allows(JobKey(time: $0.score, id: $0.id)) }
        for start in stride(from: 0, to: scores.count, by: Self.batch) where nearest.count < wanted {
            for (var detail, score) in try await details(scores[start..<min(start + Self.batch, scores.count)]) {
                guard detail.state == .retrying else { continue }
                detail.due = score
                add(ListedJob(detail, .retrying), to: &nearest)
            }
        }
        append(nearest.sorted(), .retrying)
    }

    /// Reads the running jobs, the longest-running one first.
    mutating func readRunning() async throws(QueueError) {
        var nearest = NearestJobs(wanted, part: part)
        let scores = try await scores("leases", .running, [0, .integer(Int64(Self.mostSearched - 1))])
        for start in stride(from: 0, to: scores.count, by: Self.batch) where nearest.count < enough {
            for (var detail, score) in try await details(scores[start..<min(start + Self.batch, scores.count)]) {
                guard detail.state == .running else { continue }
                detail.leaseUntil = score
                add(ListedJob(detail, .running), to: &nearest)
            }
        }
        append(nearest.sorted(), .running)
    }

    private mutating func scores(
        _ set: String,
        _ state: ListedState,
        _ range: [RedisArgument]
    ) async throws(QueueError) -> [(id: JobID, score: Int64)] {
        let key = RedisArgument.string(queue.keys.prefix + set)
        let answer = try await queue.lenient(RedisCommand("ZRANGE", arguments: [key] + range + ["WITHSCORES"]))
        let pairs = (answer.array ?? []).map { $0.string ?? "" }
        if pairs.count >= 2 * Self.mostSearched { list.unsearched.insert(state) }
        return stride(from: 0, to: pairs.count - 1, by: 2).map { index in
            (JobID(pairs[index]), JobQueue.milliseconds(pairs[index + 1]))
        }
    }

    private func details(
        _ scores: ArraySlice<(id: JobID, score: Int64)>
    ) async throws(QueueError) -> [(JobDetail, Int64)] {
        let records = try await queue.records(of: scores.map(\.id), now: list.now)
        return zip(records, scores).compactMap { record, score in record.map { ($0, score.score) } }
    }

    /// Reads dead letters, the newest first.
    mutating func readDead() async throws(QueueError) {
        var found: [ListedJob] = []
        var entry: String? = if case .dead(let entry)? = part.position { entry } else { nil }
        var searched = 0
        search: while found.count < wanted {
            guard searched < Self.mostSearched else {
                list.unsearched.insert(.dead)
                break
            }
            let page =
                if part.isBackward, let entry {
                    try await queue.deadLetters(limit: 100, after: entry)
                } else {
                    try await queue.deadLetters(limit: 100, before: entry)
                }
            guard let last = page.last else { break }
            for job in try await queue.listed(page, decoder) {
                if !part.isBackward, let since = filter.since, job.time ?? 0 < since { break search }
                if filter.matches(job) { found.append(job) }
            }
            entry = last.entry
            searched += page.count
        }
        append(part.isBackward ? found.prefix(wanted).reversed() : found, .dead)
    }

    func add(_ job: ListedJob, to nearest: inout NearestJobs) {
        if filter.matches(job) { nearest.add(job) }
    }

    /// Adds jobs to the list. One more than the list may have tells that there are more.
    mutating func append(_ found: [ListedJob], _ state: ListedState) {
        let hasMore = found.count > limit
        list.jobs += part.isBackward ? found.suffix(limit) : found.prefix(limit)
        list.hasMoreBefore = part.isBackward ? hasMore : part != .begin
        // Behind a part before a position there is at least the position.
        if hasMore || part.isBackward { list.more.insert(state) }
    }
}
