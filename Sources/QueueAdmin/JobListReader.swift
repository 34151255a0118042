import JobContract
import JobQueue
import Primitives
import Redis

extension JobQueue {
    /// Returns the jobs that match a filter, at most `limit` of each state. All reads have bounds.
    ///
    /// - Parameter decoder: Reads messages that no worker has taken in, and rejected messages.
    package func jobs(_ filter: JobFilter, limit: Int, decoder: JobDecoder) async throws(QueueError) -> JobList {
        var reader = JobListReader(queue: self, filter: filter, limit: limit, decoder: decoder)
        reader.list.now = try await redisTime()
        for state in ListedState.allCases where filter.states.contains(state) {
            switch state {
            case .retrying: try await reader.readScheduled("delayed", .retrying)
            case .running: try await reader.readScheduled("leases", .running)
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
    /// The number of matching jobs to sort before the list is cut.
    private static let mostSorted = 1_000

    let queue: JobQueue
    let filter: JobFilter
    let limit: Int
    let decoder: JobDecoder
    var list = JobList()
    /// The facts that explain why jobs wait. Many jobs have the same queue and node.
    private var facts = WaitFacts()

    init(queue: JobQueue, filter: JobFilter, limit: Int, decoder: JobDecoder) {
        self.queue = queue
        self.filter = filter
        self.limit = limit
        self.decoder = decoder
    }

    private var enough: Int { max(limit, Self.mostSorted) + 1 }

    /// Reads the jobs of a sorted set: of leases, or of times of the next attempt.
    mutating func readScheduled(_ set: String, _ state: ListedState) async throws(QueueError) {
        let key = RedisArgument.string(queue.keys.prefix + set)
        let last = RedisArgument.integer(Int64(Self.mostSearched - 1))
        let answer = try await queue.lenient(RedisCommand("ZRANGE", key, 0, last, "WITHSCORES"))
        let pairs = (answer.array ?? []).map { $0.string ?? "" }
        if pairs.count >= 2 * Self.mostSearched { list.unsearched.insert(state) }
        let scores = stride(from: 0, to: pairs.count - 1, by: 2).map { (JobID(pairs[$0]), pairs[$0 + 1]) }
        var found: [ListedJob] = []
        for start in stride(from: 0, to: scores.count, by: Self.batch) where found.count < enough {
            let part = scores[start..<min(start + Self.batch, scores.count)]
            let records = try await queue.records(of: part.map(\.0), now: list.now)
            for (detail, score) in zip(records, part.map(\.1)) {
                guard var detail, detail.fields["state"] == state.rawValue else { continue }
                let time = JobQueue.milliseconds(score)
                if state == .running { detail.leaseUntil = time } else { detail.due = time }
                add(ListedJob(detail, state), to: &found)
            }
        }
        // The longest-running job comes first, and the job with the next attempt.
        if state == .running { found.sort { ($0.time ?? 0, $0.id) < ($1.time ?? 0, $1.id) } }
        append(found, state)
    }

    /// Reads the jobs in lanes that could begin or wait behind others, and then those that no worker has taken in.
    mutating func readWaiting() async throws(QueueError) {
        var found: [ListedJob] = []
        var cursor = "0"
        var searched = 0
        repeat {
            guard searched < Self.mostSearched else {
                list.unsearched.insert(.waiting)
                break
            }
            let page = try await queue.lanes(filter.game, after: cursor)
            cursor = page.cursor
            searched += 1_000
            for start in stride(from: 0, to: page.lanes.count, by: Self.batch) where found.count < enough {
                let part = page.lanes[start..<min(start + Self.batch, page.lanes.count)]
                for detail in try await queue.waitingJobs(in: Array(part), now: list.now) {
                    var job = ListedJob(detail, .waiting)
                    job.node = detail.list.flatMap(JobQueue.node(inList:)) ?? job.node
                    add(job, to: &found)
                }
            }
        } while cursor != "0" && found.count < enough
        found.sort { ($0.time ?? .max, $0.id) < ($1.time ?? .max, $1.id) }
        // Messages have no node and no earlier attempt.
        if found.count <= limit, filter.node == nil, filter.code == nil { try await readQueued(&found) }
        for index in found.indices.prefix(limit) {
            guard case .live(var detail) = found[index].source, detail.before == 0 else { continue }
            try await queue.readReasons(&detail, &facts)
            found[index].source = .live(detail)
        }
        append(found, .waiting)
    }

    private mutating func readQueued(_ found: inout [ListedJob]) async throws(QueueError) {
        var overview = FleetOverview()
        let names = if let name = filter.queue { [name] } else { try await queue.queueNames(&overview) }
        if overview.mayLackQueues { list.unsearched.insert(.waiting) }
        for name in names where found.count <= limit {
            let (state, isWindowFull) = try await queue.state(of: name)
            guard state.waiting > 0 else { continue }
            var before = 0
            for key in queue.keys.messageLists(name) {
                var seen = 0
                while seen < Self.mostMessages, found.count <= limit {
                    let page = try await queue.page(of: key, skipping: seen, most: Self.mostMessages - seen)
                    guard !page.isEmpty else { break }
                    for case (let index, .bytes(let bytes)) in page.enumerated() {
                        guard case .job(let job) = decoder.decode(bytes) else { continue }
                        add(ListedJob(job, before: before + index, in: state, isWindowFull: isWindowFull), to: &found)
                    }
                    before += page.count
                    seen += page.count
                }
                if seen >= Self.mostMessages { list.unsearched.insert(.waiting) }
            }
        }
    }

    /// Reads dead letters, the newest first.
    mutating func readDead() async throws(QueueError) {
        var found: [ListedJob] = []
        var before: String?
        var searched = 0
        search: while found.count <= limit {
            guard searched < Self.mostSearched else {
                list.unsearched.insert(.dead)
                break
            }
            let page = try await queue.deadLetters(limit: 100, before: before)
            guard let last = page.last else { break }
            for job in try await queue.listed(page, decoder) {
                if let since = filter.since, job.time ?? 0 < since { break search }
                add(job, to: &found)
            }
            before = last.entry
            searched += page.count
        }
        append(found, .dead)
    }

    private func add(_ job: ListedJob, to found: inout [ListedJob]) {
        if filter.matches(job) { found.append(job) }
    }

    private mutating func append(_ found: [ListedJob], _ state: ListedState) {
        list.jobs += found.prefix(limit)
        if found.count > limit { list.more.insert(state) }
    }
}
