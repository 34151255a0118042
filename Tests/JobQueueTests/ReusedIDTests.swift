import QueueAdmin
import JobContract
import JobQueue
import Redis
import Support
import Testing

@Suite("Reused ids, on a real Redis", .timeLimit(.minutes(2)))
struct ReusedIDTests {
    /// When the second message comes.
    enum Moment: CaseIterable {
        /// With the first, in one batch.
        case together
        case waiting, running, ended
        /// When the first was retried by an operator and lives as its second run.
        case retried
    }

    private static let same = [
        QueueWorld.message(.start, "fixed-1", more: #","enqueued_at":"2026-01-01T00:00:00Z""#),
        QueueWorld.message(.start, "fixed-1", more: #","deadline":"2999-01-01T00:00:00Z","max_attempts":5"#),
        QueueWorld.message(
            .start,
            "fixed-1",
            more: #","env":{},"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01""#
        ),
    ]
    private static let others = [
        QueueWorld.message(.stop, "fixed-1"), QueueWorld.message(.start, "fixed-1", game: "g2"),
        QueueWorld.message(.start, "fixed-1", more: #","env":{"A":"1"}"#),
        #"{"v":1,"id":"fixed-1","kind":"fly","game_id":"g1"}"#,
    ]

    /// Pushes `messages` after a start with the same id, and takes all in.
    private static func with(
        _ messages: [String],
        at moment: Moment,
        _ body: (QueueWorld, JobQueue) async throws -> Void
    ) async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "fixed-1"))
            if moment != .together { try await world.intake(worker) }
            if moment == .running || moment == .ended || moment == .retried {
                let job = try #require(try await world.claim(worker).first)
                let ending =
                    moment == .retried ? JobEnding.failed(.timeout, "late") : JobEnding(.succeeded, effect: .started)
                if moment != .running { try await world.finish(worker, job, ending) }
            }
            if moment == .retried {
                let letter = try #require(try await worker.deadLetters(limit: 1).first)
                guard case .job(let job) = JobDecoder().decode(letter.message) else { return }
                #expect(try await worker.retry(letter, as: job) == .ok)
            }
            for message in messages { try await world.push(message) }
            try await world.intake(worker)
            try await body(world, worker)
        }
    }

    @Test("the same job again is a duplicate without effect", arguments: Moment.allCases)
    func same(moment: Moment) async throws {
        try await Self.with(Self.same, at: moment) { world, worker in
            #expect(try await worker.deadLetters(limit: 10).isEmpty)
            let meta = try await world.hash(world.keys.meta)
            #expect(meta["duplicates"] == "3" && meta["id_reused"] == nil)
            #expect(try await world.results().count { $0.outcome == .rejected } == 0)
        }
    }

    @Test(
        "a different job with the same id is a dead letter, is counted, and has no result",
        arguments: Moment.allCases
    )
    func other(moment: Moment) async throws {
        try await Self.with(Self.others, at: moment) { world, worker in
            let letters = try await worker.deadLetters(limit: 10)
            #expect(letters.reversed().map { String(decoding: $0.message, as: UTF8.self) } == Self.others)
            #expect(letters.allSatisfy { $0.errorCode == "id_reused" && $0.jobID == "fixed-1" })
            #expect(try await world.hash(world.keys.meta)["id_reused"] == "4")
            #expect(try await world.results().count { $0.outcome == .rejected } == 0)
            let state = try await world.hash(world.keys.job("fixed-1"))["state"]
            // It can be dropped, never retried, and touches nothing of the job whose id it has.
            guard case .job(let job) = JobDecoder().decode(letters[3].message) else { return }
            #expect(try await worker.retry(letters[3], as: job) == .reused)
            for letter in letters { #expect(try await worker.drop(letter) == .ok) }
            #expect(try await world.hash(world.keys.job("fixed-1"))["state"] == state)
        }
    }

    @Test("messages that are no jobs are equal if their bytes are")
    func noJob() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            let bad = #"{"v":1,"id":"bad","kind":"fly","game_id":"g1"}"#
            try await world.push(bad, bad, bad + " ", QueueWorld.message(.start, "bad"))
            try await world.intake(worker)
            let codes = try await worker.deadLetters(limit: 10).reversed().map(\.errorCode)
            #expect(codes == ["unknown_kind", "id_reused", "id_reused"])
            #expect(try await world.results().map(\.jobID) == ["bad"])
        }
    }

    @Test("a lookup by id finds the job's own dead letter before those with a reused id")
    func named() async throws {
        try await QueueWorld.with { world in
            let worker = world.worker("w1")
            try await world.push(QueueWorld.message(.start, "a"))
            try await world.intake(worker)
            let job = try #require(try await world.claim(worker).first)
            try await world.finish(worker, job, .failed(.timeout, "late"))
            try await world.push(QueueWorld.message(.stop, "a"))
            #expect(try await world.intake(worker).reused == ["a"])
            #expect(try await worker.deadLetter(named: "a")?.errorCode == "timeout")
        }
    }
}
