import Foundation
import Support
import Testing

@testable import rtmanager

@Suite("The bench")
struct BenchTests {
    @Test("tells each figure beside its floor")
    func lines() {
        func drain(_ jobs: Double) -> DrainFigures {
            DrainFigures(jobsPerSecond: jobs, redisMicros: 20, workerMicros: 50, workerMiB: 30)
        }
        let rounds = [(1_000.0, 500.0), (2_000, 500), (1_000, 800)].map {
            DrainRound(floor: drain($0.0), worker: drain($0.1))
        }
        let figures = BenchFigures(
            jobs: 100,
            kind: "stop",
            rounds: rounds,
            latencies: [0.2, 0.3, 9],
            idleCPU: 0.1,
            idleCommands: 2
        )
        let lines = figures.lines
        #expect(lines[0] == "jobs a second (stop)              500 1/s         floor 1000 1/s, ratio 0.5")
        #expect(lines[1].hasSuffix(" 0.5"))
        #expect(lines.contains { $0.hasPrefix("push to result, p99") && $0.contains("9.0 ms") })
        #expect(!lines.contains("with metrics and traces"))
    }

    @Test("tells what metrics and traces cost beside the same worker without")
    func observed() {
        let plain = DrainFigures(jobsPerSecond: 500, redisMicros: 20, workerMicros: 50, workerMiB: 30)
        let observed = DrainFigures(jobsPerSecond: 400, redisMicros: 20, workerMicros: 61, workerMiB: 33)
        let figures = BenchFigures(
            jobs: 100,
            kind: "stop",
            rounds: [DrainRound(floor: plain, worker: plain, observed: observed)],
            latencies: [],
            idleCommands: 0
        )
        let lines = figures.lines
        #expect(lines.contains { $0.hasPrefix("  jobs a second") && $0.hasSuffix(" 400 1/s") })
        #expect(lines.contains { $0.hasPrefix("  more CPU of the worker a job") && $0.hasSuffix(" 11.0 µs") })
        #expect(lines.contains { $0.hasPrefix("  memory of the worker") && $0.hasSuffix(" 33.0 MiB") })
    }

    @Test("reads what Linux tells of a process, whatever its name is")
    func usage() {
        let stat = "12 (a) b (c)) S 1 12 12 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 200"
        let usage = ProcessUsage(stat: stat, status: "Name:\ta\nVmHWM:\t   20480 kB\n", ticksPerSecond: 100)
        #expect(usage?.cpu == 3 && usage?.peakMiB == 20)
    }

    @Test("measures a worker, which keeps nothing of the jobs that have ended", .timeLimit(.minutes(5)))
    func short() async throws {
        let output = try await Support.Program.run(
            ["bench", "--jobs", "5000", "--rounds", "1", "--observed", "--output", "json"],
            environment: [:],
            within: .seconds(200)
        )
        #expect(output.exitCode == 0, "\(output.errors)")
        let line = try #require(output.output.split(separator: "\n").last)
        let figures = try JSONDecoder().decode(Figures.self, from: Data(line.utf8))
        let worker = try #require(figures.rounds.first?.worker)
        #expect(worker.jobsPerSecond > 0 && worker.redisMicros > 0)
        #expect(figures.latencies.count == 300)
        #expect(try #require(figures.rounds.first?.observed).jobsPerSecond > 0)
        // What is kept of each job would come to more.
        #expect(try #require(worker.workerMiB) < 128)
    }

    private struct Figures: Decodable {
        struct Round: Decodable {
            var worker: Drain
            var observed: Drain?
        }

        struct Drain: Decodable {
            var jobsPerSecond: Double
            var redisMicros: Double
            var workerMiB: Double?
        }

        var rounds: [Round]
        var latencies: [Double]
    }
}
