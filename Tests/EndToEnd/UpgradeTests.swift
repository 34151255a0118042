import Foundation
import JobContract
import Primitives
import Redis
import Support
import Synchronization
import Testing

extension Deployment {
    /// Two builds on one namespace: the program, and a copy with another version and another library of functions.
    @Suite("An upgrade", .engineWorld, .timeLimit(.minutes(10)))
    struct UpgradeTests {
        /// Makes a build that differs as a later version does: each text below stands in the program exactly once.
        /// RTM_TEST_OTHER_BUILD names a real one instead.
        private static func otherBuild(in directory: String) throws -> String {
            if let path = ProcessInfo.processInfo.environment["RTM_TEST_OTHER_BUILD"] { return path }
            var program = try Data(contentsOf: URL(fileURLWithPath: try Program.path))
            let changes = [
                ("0.1.0\0", "0.1.9\0"),
                // The digest of the functions' source names their library.
                ("-- Purpose: the begin and the end of every call", "-- PURPOSE: the begin and the end of every call"),
            ]
            for (old, new) in changes {
                let place = try #require(program.range(of: Data(old.utf8)), "\(old) is not in the program")
                let next = program.range(of: Data(old.utf8), in: place.upperBound..<program.endIndex)
                #expect(next == nil, "\(old) is in the program more than once")
                program.replaceSubrange(place, with: Data(new.utf8))
            }
            let path = directory + "/rtmanager"
            try program.write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            return path
        }

        /// Starts, stops and removes one game after another, until the test has seen enough. Returns the ids.
        private static func load(_ lane: Int, _ fleet: Fleet, _ isOver: SharedFlag) async throws -> [JobID] {
            var ids: [JobID] = []
            var number = 0
            while !isOver.isSet {
                number += 1
                let game = GameID("g\(lane)-\(number)")
                let messages = [
                    fleet.start("\(game)-start", game: game), Fleet.message(.stop, "\(game)-stop", game: game),
                    Fleet.message(.remove, "\(game)-remove", game: game),
                ]
                for (word, message) in zip(["start", "stop", "remove"], messages) {
                    let id = JobID("\(game)-\(word)")
                    ids.append(id)
                    #expect(try await fleet.finish(id, message, within: .seconds(60)).outcome == .succeeded)
                }
            }
            return ids
        }

        /// Starts a worker and ends another, and waits until each living worker has ended jobs beside the others.
        private static func roll(_ fleet: Fleet, _ old: WorkerProcess, to program: String?) async throws {
            let new = try await fleet.startWorker(program: program)
            try await works(new, fleet)
            old.terminate()
            #expect(await old.process.waitForExit(atMost: .seconds(60)) == 0)
            try await works(new, fleet)
        }

        private static func works(_ worker: WorkerProcess, _ fleet: Fleet) async throws {
            func count() async throws -> Int {
                try await fleet.results().count { $0.fields["worker"].map(worker.isWorker) == true }
            }
            let before = try await count()
            try await eventually(
                "two more jobs of \(worker.process.pid)",
                within: .seconds(90),
                until: { $0 > before + 1 }
            ) {
                try await count()
            }
        }

        @Test("rolls two workers to another build and back under load: nothing is lost, and each job has one result")
        func roll() async throws {
            let directory = try temporaryDirectory("build")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let other = try Self.otherBuild(in: directory)
            try await Fleet.with(workers: 2, world: try #require(EngineWorld.current)) { fleet in
                let isOver = SharedFlag()
                let ids = try await withThrowingTaskGroup(of: [JobID].self) { group in
                    for lane in 1...3 {
                        group.addTask { try await Self.load(lane, fleet, isOver) }
                    }
                    defer { isOver.set() }
                    let first = fleet.workers
                    try await Self.works(first[0], fleet)
                    try await Self.roll(fleet, first[0], to: other)
                    try await mixed(fleet)
                    try await Self.roll(fleet, first[1], to: other)
                    let second = fleet.workers.suffix(2)
                    for worker in second { try await Self.roll(fleet, worker, to: nil) }
                    isOver.set()
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                try await check(ids, fleet)
            }
        }

        /// Checks that both builds live on the namespace, each with its own functions.
        private func mixed(_ fleet: Fleet) async throws {
            let list = RedisCommand("FUNCTION", "LIST", "LIBRARYNAME", "rtmanager_*")
            #expect(try await fleet.client.send(list).array?.count == 2)
            guard ProcessInfo.processInfo.environment["RTM_TEST_OTHER_BUILD"] == nil else { return }
            let workers = try await fleet.run("worker", "list", "--output", "json").output
            #expect(workers.contains(#""version":"0.1.0""#) && workers.contains(#""version":"0.1.9""#), "\(workers)")
        }

        private func check(_ ids: [JobID], _ fleet: Fleet) async throws {
            let results = try await fleet.results()
            #expect(results.map(\.jobID).sorted() == ids.sorted())
            #expect(results.allSatisfy { $0.outcome == .succeeded && $0.fields["attempts"] == "1" })
            for game in Set(results.compactMap(\.gameID)) {
                let events = try await fleet.events(ofGame: game, until: ["started", "exited", "removed"])
                #expect(events.map { $0["event"] } == ["started", "exited", "removed"], "\(game)")
                #expect(events[1]["reason"] == "stopped", "\(game)")
            }
            #expect(try await fleet.deadLetters().isEmpty)
            #expect(try await fleet.containers().isEmpty)
        }

        /// A flag that tasks share.
        private final class SharedFlag: Sendable {
            private let value = Atomic(false)

            var isSet: Bool { value.load(ordering: .relaxed) }

            func set() { value.store(true, ordering: .relaxed) }
        }
    }
}
