import JobContract
import JobQueue
import Redis

// Waiting jobs: first those that a worker has taken in, by age; then messages in queues, in the order of the queues.
extension JobListReader {
    mutating func readWaiting() async throws(QueueError) {
        var found: [ListedJob] = []
        if part.isBackward {
            found = try await queuedJobs()
            if found.count < wanted { found = try await admittedJobs() + found }
        } else {
            if part.position?.key != nil || part == .begin { found = try await admittedJobs() }
            if found.count < wanted { found += try await queuedJobs() }
        }
        found = Array(part.isBackward ? found.suffix(wanted) : found.prefix(wanted))
        for index in found.indices {
            guard case .live(var detail) = found[index].source, detail.before == 0 else { continue }
            try await queue.readReasons(&detail, &facts)
            found[index].source = .live(detail)
        }
        append(found, .waiting)
    }

    /// Reads the jobs in lanes that could begin or wait behind others.
    private mutating func admittedJobs() async throws(QueueError) -> [ListedJob] {
        var nearest = NearestJobs(wanted, part: part)
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
            for start in stride(from: 0, to: page.lanes.count, by: Self.batch) where nearest.count < enough {
                let lanes = page.lanes[start..<min(start + Self.batch, page.lanes.count)]
                for detail in try await queue.waitingJobs(in: Array(lanes), now: list.now) {
                    var job = ListedJob(detail, .waiting)
                    job.node = detail.list.flatMap(JobQueue.node(inList:)) ?? job.node
                    add(job, to: &nearest)
                }
            }
        } while cursor != "0" && nearest.count < enough
        return nearest.sorted()
    }

    /// Reads the messages on this side of the position. A position whose message a worker has taken in meanwhile stood
    /// at the begin of its queue.
    private mutating func queuedJobs() async throws(QueueError) -> [ListedJob] {
        // Messages have no node and no earlier attempt.
        guard filter.node == nil, filter.code == nil else { return [] }
        var bound: (id: JobID, queue: String)?
        if case .queued(let id, let queue)? = part.position { bound = (id, queue) }
        // All messages come behind an admitted job.
        if part.isBackward, bound == nil { return [] }
        var overview = FleetOverview()
        var names = if let name = filter.queue { [name] } else { try await queue.queueNames(&overview) }
        if overview.mayLackQueues { list.unsearched.insert(.waiting) }
        if let bound { names.removeAll { part.isBackward ? $0 > bound.queue : $0 < bound.queue } }
        var found: [ListedJob] = []
        for name in names where part.isBackward || found.count < wanted {
            found += try await queuedJobs(in: name, bound: bound?.queue == name ? bound?.id : nil)
            if part.isBackward { found = Array(found.suffix(wanted)) }
        }
        return found
    }

    private mutating func queuedJobs(in name: String, bound: JobID?) async throws(QueueError) -> [ListedJob] {
        let (state, isWindowFull) = try await queue.state(of: name)
        guard state.waiting > 0 else { return [] }
        var found: [ListedJob] = []
        var isOpen = bound == nil
        var before = 0
        for key in queue.keys.messageLists(name) {
            var seen = 0
            while seen < Self.mostMessages, part.isBackward || !isOpen || found.count < wanted {
                let page = try await queue.page(of: key, skipping: seen, most: Self.mostMessages - seen)
                guard !page.isEmpty else { break }
                for case (let index, .bytes(let bytes)) in page.enumerated() {
                    guard case .job(let job) = decoder.decode(bytes) else { continue }
                    if job.id == bound {
                        if part.isBackward { return found }
                        (found, isOpen) = ([], true)
                        continue
                    }
                    let listed = ListedJob(job, before: before + index, in: state, isWindowFull: isWindowFull)
                    if filter.matches(listed) { found.append(listed) }
                }
                before += page.count
                seen += page.count
            }
            if seen >= Self.mostMessages { list.unsearched.insert(.waiting) }
        }
        return part.isBackward && !isOpen ? [] : found
    }
}
