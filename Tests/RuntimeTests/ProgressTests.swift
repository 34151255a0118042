import Primitives
import JobContract
import Redis
import Support
import Synchronization
import Testing

@testable import Runtime

@Suite("The published progress of a job", .timeLimit(.minutes(2)))
struct ProgressTests {
    private func shown(_ world: WorkerWorld, _ id: JobID) async throws -> JobProgress? {
        let command = RedisCommand("HGET", .string(world.keys.job(id)), .string(JobProgress.field))
        return try await world.client.send(command).string.flatMap(JobProgress.init(encoded:))
    }

    @Test("shows the pull with layers and bytes, and then the start")
    func pull() async throws {
        try await WorkerWorld.with { world in
            await world.docker.removeImage("engine:1")
            await world.docker.addToRegistry(FakeDocker.Image("engine:1"))
            await world.docker.delay(.pullImage, by: .seconds(2))
            await world.docker.delay(.run, by: .seconds(2))
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                try await eventually(
                    "the progress of the pull",
                    until: { $0 == JobProgress(.pulling, layers: 1, bytesTotal: 1) }
                ) {
                    try await shown(world, "s1")
                }
                try await eventually("the progress of the start", until: { $0?.step == .starting }) {
                    try await shown(world, "s1")
                }
                #expect(try await world.result("s1").effect == .started)
                #expect(try await shown(world, "s1") == nil)
            }
        }
    }

    @Test("shows the wait for readiness, and the wait of a stop for the process")
    func waiting() async throws {
        try await WorkerWorld.with { world in
            let port = try FreePort.find()
            await world.docker.addImage(FakeDocker.Image("engine:1", labels: ["com.galaxy.port": "\(port)"]))
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: #","ready_timeout_seconds":600"#)
                try await eventually("the progress of the wait", until: { $0 == JobProgress(.waitingForReady) }) {
                    try await shown(world, "s1")
                }
                await world.docker.delay(.stop, by: .milliseconds(1_500))
                try await world.push(.stop, "t1")
                #expect(try await world.result("s1").outcome == .superseded)
                try await world.push(.start, "s2")
                #expect(try await world.result("s2").effect == .started)
                try await world.push(.stop, "t2")
                try await eventually("the progress of the stop", until: { $0?.step == .stopping }) {
                    try await shown(world, "t2")
                }
            }
        }
    }

    @Test("is published only on a change, after a pause, and again if Redis refused it")
    func board() async throws {
        let reports = Reports()
        let reporter = ProgressReporter(pause: .milliseconds(20))
        // The first is not taken.
        let board = ProgressStore(reporter) { reports.add($0) > 1 }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await reporter.run() }
            // A thousand within one pause, as a pull reports them.
            for number in 0...1_000 {
                board.show(JobProgress(.pulling, bytesDone: Int64(number), bytesTotal: 1_000))
            }
            let last = JobProgress(.pulling, bytesDone: 1_000, bytesTotal: 1_000)
            _ = try? await eventually("a second report", until: { $0 == [last, last] }) { reports.all }
            board.show(JobProgress(.starting))
            _ = try? await eventually("the next step", until: { $0?.step == .starting }) { reports.all.last }
            group.cancelAll()
        }
        #expect(reports.all.count == 3)
    }
}

private final class Reports: Sendable {
    private let progress = Mutex<[JobProgress]>([])

    var all: [JobProgress] { progress.withLock { $0 } }

    /// Answers how many there are now.
    func add(_ new: JobProgress) -> Int {
        progress.withLock { progress in
            progress.append(new)
            return progress.count
        }
    }
}
