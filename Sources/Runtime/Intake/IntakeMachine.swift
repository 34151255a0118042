import JobContract
import JobQueue
import Primitives
import RuntimeCore

/// Decides when a worker takes messages in, when it claims jobs, and how long it sleeps.
///
/// A worker takes in as many messages as it has free permits, and claims in the same call. Ready jobs come before
/// messages. A worker without a free permit takes messages in all the same, after a short time: a stop among them may
/// give capacity, and others may belong to other nodes.
struct IntakeMachine: Equatable {
    /// The next thing to do.
    enum Step: Equatable {
        /// Take the oldest messages of a queue in, and claim jobs for the capacity.
        case take(Take)
        case claim(Capacity)
        /// Sleep until the next input, or until this time.
        case sleep(until: MonotonicInstant?)
        /// Take no more jobs.
        case end
    }

    struct Take: Equatable {
        var queue: String
        /// The oldest messages, as far as this worker knows: the message that has woken it, which lies in the inbox of the
        /// queue, or messages read ahead.
        var known: [WaitingMessage] = []
        /// The greatest number of messages.
        var most: Int
        /// Whether the intake reads the messages behind them, too.
        var readsAhead = false
        var capacity: Capacity
    }

    /// The time without a free permit after which the worker takes in more messages than it can begin.
    static let patience = Duration.milliseconds(5)
    /// The longest time for which ready jobs come before messages.
    static let longestWithoutIntake = Duration.milliseconds(20)
    /// The time between the end of an intake and the next intake within which a worker reads messages ahead. Then Redis takes the next messages in while
    /// the worker decodes and runs jobs. With longer pauses this saves nothing, and other workers take the messages.
    static let shortPause = Duration.milliseconds(50)

    private(set) var permits: Permits
    private(set) var isDraining = false
    /// The queues in order of priority. Only `claim` keeps the priority: intake takes turns.
    private var queues: [QueueSight]
    private var turn = 0
    private var lastIntake: MonotonicInstant?
    /// The end of the last intake. On a slow way to Redis an intake itself takes long.
    private var lastOutcome: MonotonicInstant?
    /// Whether the next intake is to begin before the jobs of the last one run.
    private(set) var goesOn = false
    private var fullSince: MonotonicInstant?
    /// How often something said that jobs may be ready, and how many of these the last claim has covered.
    private var wakes = 1
    private var wakesAtStep = 0
    private var wakesCovered = 0
    /// The classes with ready jobs after the last claim.
    private var ready: JobClasses = []
    /// The classes for which Redis counts this worker as idle.
    private var idle: JobClasses = []
    /// The number of jobs that have ended, ever.
    private var ended = 0

    init(queues: [String], concurrency: Int) {
        self.queues = queues.map { QueueSight(name: $0) }
        permits = Permits(concurrency: concurrency)
    }

    // MARK: Decision

    /// Returns the next step.
    mutating func next(dockerAnswers: Bool, now: MonotonicInstant) -> Step {
        goesOn = false
        guard dockerAnswers, !isDraining else {
            // The worker can begin nothing, but its message must not wait: the claim wakes another worker.
            if let index = queues.firstIndex(where: { $0.seen != nil }) { return take(index, .none, now) }
            if isDraining { return .end }
            guard wakes > wakesCovered || !idle.isEmpty else { return .sleep(until: nil) }
            // Another worker takes what this one was woken for, and Redis wakes this one no more.
            wakesAtStep = wakes
            return .claim(.none)
        }
        let capacity = permits.capacity
        let hasPermit = capacity != .none
        fullSince = hasPermit ? nil : fullSince ?? now
        let index = queueToLookAt(now)
        // An intake claims, too: only ready jobs come before it.
        let claimsFirst = mayHaveReady(capacity) && isRecent(lastIntake, Self.longestWithoutIntake, now)
        if hasPermit, index == nil ? needsClaim(capacity) : claimsFirst {
            wakesAtStep = wakes
            return .claim(capacity)
        }
        guard let index else { return .sleep(until: nextLook()) }
        if !hasPermit, queues[index].seen == nil, let fullSince {
            let limit = fullSince.advanced(by: Self.patience)
            if now < limit { return .sleep(until: limit) }
        }
        return take(index, capacity, now)
    }

    private mutating func take(_ index: Int, _ capacity: Capacity, _ now: MonotonicInstant) -> Step {
        let free = max(capacity.starts, capacity.stops)
        // Half of the permits at a time: while Redis takes in the second half, the worker runs the first. After a claim that
        // has left permits, the right messages may stand behind many others.
        let half = min(free, max(1, permits.concurrency / 2), JobQueue.intakeBatch)
        let most = free > 0 && idle.isEmpty ? half : JobQueue.intakeBatch
        var take = Take(queue: queues[index].name, most: most, capacity: capacity)
        let isBusy = isRecent(lastOutcome, Self.shortPause, now)
        (take.known, take.readsAhead) = queues[index].take(most: most, isBusy: isBusy, now: now)
        turn = (index + 1) % queues.count
        lastIntake = now
        wakesAtStep = wakes
        return .take(take)
    }

    private func isRecent(_ time: MonotonicInstant?, _ pause: Duration, _ now: MonotonicInstant) -> Bool {
        time.map { now < $0.advanced(by: pause) } ?? false
    }

    /// Whether a claim may bring a job.
    private func mayHaveReady(_ capacity: Capacity) -> Bool {
        wakes > wakesCovered || !capacity.classes.isDisjoint(with: ready)
    }

    /// Whether a claim may bring a job, or tells Redis that this worker is idle.
    private func needsClaim(_ capacity: Capacity) -> Bool {
        mayHaveReady(capacity) || !capacity.classes.isSubset(of: idle)
    }

    private func queueToLookAt(_ now: MonotonicInstant) -> Int? {
        let order = (0..<queues.count).map { (turn + $0) % queues.count }
        return order.first { queues[$0].isToBeLookedAt(ended: ended, now: now) }
    }

    /// The time at which a queue is to be looked at, if nothing else happens.
    private func nextLook() -> MonotonicInstant? { queues.compactMap { $0.nextLook(ended: ended) }.min() }

    // MARK: Inputs

    /// A message of the queue has woken this worker.
    mutating func saw(_ message: [UInt8], in queue: String) { change(queue) { $0.seen = message } }

    /// A connection that waited at the queue is broken.
    mutating func lostSight(of queue: String) { change(queue) { $0.lostSight() } }

    /// A function in Redis or another part of this worker says that jobs may be ready, or that a queue may go on.
    mutating func woken() {
        wakes += 1
        for index in queues.indices { queues[index].woken() }
    }

    /// A sweep has found work that nobody may have been woken for.
    mutating func swept() {
        wakes += 1
        for index in queues.indices { queues[index].swept() }
    }

    /// An intake has this outcome, and has read these messages ahead.
    mutating func took(
        _ outcome: IntakeOutcome,
        next: [WaitingMessage] = [],
        from queue: String,
        now: MonotonicInstant
    ) {
        let ended = ended
        change(queue) { $0.took(outcome, next: next, ended: ended, now: now) }
        lastOutcome = now
        goesOn = !next.isEmpty
    }

    /// Redis refuses to give messages of the queue, or to take in jobs.
    mutating func failed(_ queue: String, now: MonotonicInstant) { change(queue) { $0.failed(now: now) } }

    /// A claim for this capacity has brought jobs of these kinds. Each takes a permit.
    mutating func claimed(_ kinds: [JobKind], of capacity: Capacity, ready: JobClasses) {
        let starts = kinds.count(where: \.startsGame)
        wakesCovered = wakesAtStep
        self.ready = ready.intersection([.starts, .stops])
        if ready.contains(.unseen) { wakes += 1 }
        idle = Capacity(starts: capacity.starts - starts, stops: capacity.stops - (kinds.count - starts)).classes
        for kind in kinds { permits.began(kind) }
    }

    /// A job needs the Docker Engine no more.
    mutating func freed(_ kind: JobKind, from use: Permits.Use) { permits.done(kind, from: use) }

    /// A job only waits from now on. Returns whether its permit is free for other jobs.
    mutating func lend(_ kind: JobKind) -> Bool { permits.waits(kind) }

    /// A job works again after a wait.
    mutating func takeBack(_ kind: JobKind) { permits.goesOn(kind) }

    /// Redis has taken a job's end.
    mutating func jobEnded() {
        permits.ended()
        ended += 1
    }

    mutating func drain() { isDraining = true }

    /// Whether a connection may wait at the queue: the queue was empty, and no message of it is on its way.
    func isEmpty(_ queue: String) -> Bool { queues.contains { $0.name == queue && $0.isEmpty } }

    private mutating func change(_ name: String, _ body: (inout QueueSight) -> Void) {
        if let index = queues.firstIndex(where: { $0.name == name }) { body(&queues[index]) }
    }
}

extension Capacity {
    /// The classes with free permits.
    fileprivate var classes: JobClasses {
        var classes: JobClasses = []
        if starts > 0 { classes.insert(.starts) }
        if stops > 0 { classes.insert(.stops) }
        return classes
    }
}
