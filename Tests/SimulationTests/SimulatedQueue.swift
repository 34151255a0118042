import JobContract
import Primitives
import Redis

@testable import JobQueue
@testable import Runtime
@testable import Support

/// The delivery protocol as one worker reaches it: each call is on the way for a while, and may be lost there or back.
struct SimulatedQueue: DeliveryQueue {
    let keys = Keyspace(namespace: "rtm")
    let worker: WorkerIdentity
    let options: JobQueueOptions
    let process: SimulatedProcess
    let world: World

    init(_ process: SimulatedProcess, _ world: World) {
        self.process = process
        self.world = world
        worker = process.identity
        options = world.scenario.options
    }

    func call<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable (inout RedisModel, Int64) -> Value
    ) async throws(QueueError) -> Value {
        guard process.lives(.beforeCall) else {
            throw QueueError(call: name, .connection(reason: "the process is dead", mayHaveHappened: false))
        }
        world.scheduler.note("\(worker.id) \(name)")
        // What a leader publishes just when another has taken over is what its epoch is for.
        let pause = name == "publish" ? world.freezes(process, weight: 20, longest: 300) : world.freezes(process)
        let way = world.wayToRedis(from: worker.node).later(by: pause)
        let reply = await world.scheduler.exchange(way) { world.redis(body) }
        guard process.lives(.afterCall) else {
            throw QueueError(call: name, .connection(reason: "the process is dead", mayHaveHappened: true))
        }
        switch reply {
        case .answered(let value): return value
        case .unanswered: throw QueueError(call: name, .connection(reason: "lost", mayHaveHappened: true))
        case .cancelled: throw QueueError(call: name, .cancelled(mayHaveHappened: true))
        }
    }

    // MARK: Jobs

    func take(
        queue: String,
        known: [WaitingMessage],
        most: Int,
        readsAhead: Bool,
        claiming capacity: Capacity?,
        decode: (_ message: [UInt8]) -> DecodedMessage
    ) async throws(QueueError) -> Taken {
        var texts = known.compactMap { if case .whole(let text) = $0 { text } else { nil } }
        if known.isEmpty {
            texts = try await call("peek") { redis, _ in redis.texts(of: redis.peek(queue, most: most).ids) }
        }
        guard !texts.isEmpty else { return Taken(intake: .success(.nothing)) }
        let decoded = texts.map(decode)
        let messages = RedisModel.Peeked(ids: decoded.map(Self.idOf))
        let worker = worker
        if world.isRefused {
            let refusal = RedisServerError(code: "OOM", message: "command not allowed when used memory > 'maxmemory'")
            return Taken(intake: .failure(QueueError(.admit, .server(refusal))))
        }
        var (answer, next) = try await call("admit") { redis, time in
            let answer = redis.take(queue, messages, claiming: capacity, by: worker, at: time)
            let next = readsAhead ? redis.texts(of: redis.peek(queue, most: most).ids) : []
            return (answer, next)
        }
        answer.outcome.rejections = decoded.prefix(answer.outcome.taken).compactMap {
            if case .rejected(let rejection) = $0 { rejection } else { nil }
        }
        return Taken(
            intake: .success(answer.outcome),
            claimed: answer.claimed,
            next: next.map { .whole($0) }
        )
    }

    static func idOf(_ message: DecodedMessage) -> JobID {
        switch message {
        case .job(let job): job.id
        case .rejected(let rejection): rejection.id
        }
    }

    func claim(_ capacity: Capacity) async throws(QueueError) -> ClaimedJobs {
        let worker = worker
        return try await call("claim") { $0.claim(capacity, by: worker, at: $1) }
    }

    func extend(_ jobs: [HeldJob], docker: DockerState) async throws(QueueError) -> HeartbeatResult {
        let worker = worker
        return try await call("extend") { $0.extend(jobs, docker: docker, by: worker, at: $1) }
    }

    /// Nothing that the simulation looks at depends on it.
    func show(_ progress: JobProgress, of job: HeldJob) async throws(QueueError) {
        try await call("progress") { _, _ in }
    }

    func finish(_ jobs: [FinishedJob], next: NextClaim) async throws(QueueError) -> FinishOutcome {
        let worker = worker
        return try await call("finish") { redis, time in
            let readyBefore = redis.readyCount(for: worker.node)
            let answers = jobs.map { redis.finish($0, by: worker, at: time) }
            let readyAfter = redis.readyCount(for: worker.node)
            let hasFreed = jobs.contains(where: \.freesReservation) && redis.readyCount(["start"], for: worker.node) > 0
            return FinishOutcome(answers: answers, hasMadeReady: readyAfter > readyBefore || hasFreed)
        }
    }

    func retry(_ job: HeldJob, after failure: FailedAttempt) async throws(QueueError) -> Bool {
        let worker = worker
        return try await call("retry") { $0.retry(job, after: failure, by: worker, at: $1) }
    }

    func reserve(_ demand: Demand, for job: HeldJob) async throws(QueueError) -> ReserveAnswer {
        let worker = worker
        return try await call("reserve") { $0.reserve(demand, for: job, by: worker, at: $1) }
    }

    /// No simulated node publishes ports.
    func changePort(for job: HeldJob) async throws(QueueError) -> PortAnswer { .none }

    func release(_ jobs: [HeldJob], remains: Remains) async throws(QueueError) {
        let worker = worker
        try await call("release") { $0.release(jobs, remains: remains, by: worker, at: $1) }
    }

    func sweep(docker: DockerState, after outage: OutageNotice) async throws(QueueError) -> SweepOutcome {
        let worker = worker
        return try await call("sweep") { $0.sweep(docker: docker, after: outage, by: worker, at: $1) }
    }

    func renewLiveness() async throws(QueueError) -> Liveness {
        try await call("awake") { $0.renewLiveness(at: $1) }
    }

    // MARK: The worker and its node

    func register() async throws(QueueError) {
        let worker = worker
        _ = try await call("join") { $0.join(nil, by: worker, at: $1) }
    }

    func announce(_ games: [OwnedGame], stopped: [GameID]) async throws(QueueError) -> [GameID] {
        let worker = worker
        return try await call("join") { $0.join(games, stopped: stopped, by: worker, at: $1) }
    }

    func deregister() async throws(QueueError) {
        let worker = worker
        try await call("leave") { $0.leave(worker, at: $1) }
    }

    func lead(ttl: Duration) async throws(QueueError) -> LeaseAnswer {
        let worker = worker
        return try await call("lead") { $0.lead(ttl: ttl, by: worker, at: $1) }
    }

    func renew(epoch: Int64, ttl: Duration) async throws(QueueError) -> Bool {
        let node = worker.node
        return try await call("renew") { $0.renew(epoch: epoch, ttl: ttl, on: node, at: $1) }
    }

    func remainder(ofTerm epoch: Int64) async throws(QueueError) -> Duration? {
        let node = worker.node
        return try await call("term") { $0.remainder(ofTerm: epoch, on: node, at: $1) }
    }

    func resign(epoch: Int64) async throws(QueueError) {
        let worker = worker
        try await call("resign") { $0.resign(epoch: epoch, by: worker, at: $1) }
    }

    // MARK: Streams

    func redisTime() async throws(QueueError) -> Int64 { try await call("time") { $1 } }

    func streamGroups() async throws(QueueError) -> [StreamGroup] { [] }
    func depth(of queue: String) async throws(QueueError) -> QueueDepth { QueueDepth(waiting: 0, isPaused: false) }
    func waits() async throws(QueueError) -> WaitCounts {
        WaitCounts(node: WaitCounts.NodeFacts(), queues: [], isWindowFull: false, delayed: 0, behind: 0)
    }
    func deadLetterTotals() async throws(QueueError) -> DeadLetterTotals { DeadLetterTotals() }
    func oldestWork(
        of queue: String,
        pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) -> [OldestWork] { [] }
    func fleetCounts(at now: Int64, searchesQueues: Bool) async throws(QueueError) -> FleetCounts? { nil }
    func keyProblems() async throws(QueueError) -> [KeyProblem] { [] }
}
