import JobContract
import Redis
import Support
import Testing

extension Deployment {
    @Suite("A node at its capacity", .tags(.timing), .engineWorld, .timeLimit(.minutes(10)))
    struct NodeCapacityTests {
        @Test("runs no more games than allowed over all its workers; a stop behind many starts runs at once")
        func capacity() async throws {
            let settings = ["RTM_SLOTS": "2"]
            try await Fleet.with(workers: 2, settings: settings, world: try #require(EngineWorld.current)) { fleet in
                for index in 0..<40 { try await fleet.push(fleet.start("s-\(index)", game: "g\(index)")) }
                try await eventually("two games to run", until: { $0.count == 2 }) { try await fleet.results() }
                let busy = try await commands(fleet, during: .seconds(2))
                // Two workers that give signs of life, lead and wait: nobody spins.
                #expect(busy < 60, "\(busy) commands in 2 s while nothing could be done")
                #expect(try await fleet.containers(all: false).count == 2)
                let first = try #require(try await fleet.results().first?.gameID)
                let begin = ContinuousClock.now
                #expect(try await fleet.finish("t", Fleet.message(.stop, "t", game: first)).effect == .stopped)
                #expect(begin.duration(to: .now) < .seconds(5))
                try await eventually("the next game to take the free slot", until: { $0 == 3 }) {
                    try await fleet.results().count { $0.effect == .started }
                }
                #expect(try await fleet.containers(all: false).count == 2)
                #expect(try await running(fleet).count == 2)
            }
        }

        private func running(_ fleet: Fleet) async throws -> [String] {
            let key = fleet.keys.reservations(try await fleet.node())
            return (try await fleet.client.send(RedisCommand("HKEYS", .string(key))).array ?? []).compactMap(
                \.string
            )
        }

        /// What clients ask of Redis meanwhile; what scripts do is not counted.
        private func commands(_ fleet: Fleet, during time: Duration) async throws -> Int {
            func calls() async throws -> Int {
                let text = try await fleet.client.send(RedisCommand("INFO", "commandstats")).string ?? ""
                let scripts = text.split(whereSeparator: \.isNewline).filter {
                    $0.hasPrefix("cmdstat_fcall") || $0.hasPrefix("cmdstat_b")
                }
                return scripts.compactMap { line in
                    line.split(separator: ":").last?.split(separator: ",").first.flatMap {
                        Int($0.dropFirst("calls=".count))
                    }
                }.reduce(0, +)
            }
            let before = try await calls()
            try await pause(time, because: "the commands of this time are counted")
            return try await calls() - before
        }
    }
}
