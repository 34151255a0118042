import ArgumentParser
import Foundation
import JobContract
import Support
import Testing

@testable import Commands
@testable import rtmanager_bench

@Suite("The report of the bench")
struct BenchTests {
    @Test("every flag of its commands has an effect")
    func declarations() throws {
        #expect(try CommandDeclarations.problems(inDump: BenchProgram._dumpHelp()) == [])
    }

    @Test("shows each figure beside its baseline")
    func lines() {
        let figures = [
            BenchFigure("jobs a second", 500, "1/s", baseline: 1_000),
            BenchFigure("median of the pairs' ratios", 0.625, ""),
            BenchFigure("push to result, p99", 9, "ms"), BenchFigure("nothing", 1, "ms", baseline: 0),
        ]
        let lines = BenchReport(scenario: .drain, figures: figures).lines
        #expect(lines[0] == "drain")
        #expect(
            lines[1]
                == "  jobs a second                                       500 1/s         baseline 1000 1/s, ratio 0.5"
        )
        #expect(lines[2].hasSuffix(" 0.63            "))
        #expect(lines[3].contains(" 9.0 ms") && lines[4].hasSuffix("baseline 0.0 ms"))
    }

    @Test("shows the medians of drains, and the cost of metrics and traces")
    func drains() {
        func drain(_ jobs: Double, cpu: Double, memory: Double? = nil) -> DrainFigures {
            let counts = CommandCounts(statistics: "cmdstat_evalsha:calls=2,usec=3\r\ncmdstat_hset:calls=5,usec=3")
            return DrainFigures(
                jobsPerSecond: jobs,
                redisMicros: 20,
                workerMicros: cpu,
                workerMiB: memory,
                counts: counts
            )
        }
        let rounds = [(1_000.0, 500.0), (2_000, 500), (1_000, 800)].map {
            DrainRound(
                baseline: drain($0.0, cpu: 5),
                worker: drain($0.1, cpu: 50, memory: 30),
                observed: drain(400, cpu: 61, memory: 33)
            )
        }
        let figures = Dictionary(uniqueKeysWithValues: rounds.figures.map { ($0.name, $0) })
        #expect(figures["jobs a second"] == BenchFigure("jobs a second", 500, "1/s", baseline: 1_000))
        #expect(figures["jobs a second, median of the pairs' ratios"]?.value == 0.5)
        #expect(figures["CPU of the worker a job"]?.ratio == 10)
        #expect(figures["calls of scripts a job"]?.value == 2)
        #expect(figures["commands to Redis a job, those of scripts too"]?.value == 7)
        #expect(figures["with metrics and traces: jobs a second"]?.ratio == 0.8)
        #expect(figures["with metrics and traces: more CPU a job"]?.value == 11)
        #expect(figures["with metrics and traces: memory, at most"]?.value == 33)
    }

    @Test(
        "shortens values",
        arguments: [
            (1_234.5, "1235"), (12.34, "12.3"), (1.234, "1.23"), (0.126, "0.13"), (0.0064, "0.006"), (0.0, "0.0"),
        ]
    )
    func short(value: Double, text: String) {
        #expect(BenchFigure.short(value) == text)
    }

    @Test(
        "takes the middle of the values, or the mean of two",
        arguments: [([], 0), ([3], 3), ([4, 1], 2.5), ([9, 1, 2], 2), ([4, 1, 9, 2], 3)] as [([Double], Double)]
    )
    func median(values: [Double], median: Double) {
        #expect(values.median == median)
    }

    @Test("reads a process's figures from Linux, whatever its name")
    func usage() {
        let stat = "12 (a) b (c)) S 1 12 12 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 200"
        let status = "Name:\ta\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n"
        let usage = ProcessUsage(stat: stat, status: status, ticksPerSecond: 100)
        #expect(usage?.cpu == 3 && usage?.peakMiB == 20 && usage?.residentMiB == 10)
    }

    @Test("counts the commands of MONITOR without those of scripts and its own")
    func monitor() {
        let text = """
            OK
            1700000000.1 [0 unix:/r.sock] "EVALSHA" "abc" "1"
            1700000000.2 [0 lua] "HGET" "[0 x] \\"y\\""
            1700000000.3 [0 unix:/r.sock] "INFO" "stats"
            1700000000.4 [0 127.0.0.1:6379] "BLMOVE" "a" "b" "right" "right" "10"

            """
        #expect(BenchStage.roundTrips(text) == 2)
    }

    @Test("computes the trend of memory samples")
    func slope() {
        let growing = (0..<10).map { (x: Double($0), y: 30 + 2 * Double($0) + ($0.isMultiple(of: 2) ? 0.1 : -0.1)) }
        #expect(abs(BenchStage.slope(growing) - 2) < 0.05)
        #expect(BenchStage.slope([]) == 0 && BenchStage.slope([(1, 5), (1, 6)]) == 0)
    }

    @Test("finds lost and duplicate results in a soak")
    func ledger() throws {
        let ledger = SoakLedger(games: 2, prefix: "soak")
        let (start, other) = (try #require(ledger.nextStart()), try #require(ledger.nextStart()))
        #expect(ledger.nextStart() == nil && other.game != start.game)
        func result(_ id: JobID, _ outcome: String = "succeeded") -> JobResult {
            JobResult(fields: ["job_id": id.text, "outcome": outcome])
        }
        let stop = try #require(ledger.ended(result(start.id)))
        #expect(stop.kind == .stop && stop.game == start.game)
        #expect(ledger.ended(result(start.id)) == nil)
        let remove = try #require(ledger.ended(result(stop.id, "failed")))
        #expect(remove.kind == .remove && ledger.ended(result(remove.id)) == nil && ledger.lifecycles == 1)
        #expect(ledger.nextStart()?.game == start.game)
        let figures = Dictionary(uniqueKeysWithValues: ledger.figures(over: 1).map { ($0.name, $0.value) })
        #expect(figures["jobs"] == 5 && figures["results lost"] == 2)
        #expect(figures["results twice"] == 1 && figures["jobs failed"] == 1)
    }

    @Test("says what is missing for a scenario with containers")
    func needsImage() async throws {
        let output = try await Support.Program.run(["bench", "latency", "start"], environment: [:])
        #expect(output.exitCode == 2 && output.errors.contains("start starts containers, so it needs --image"))
        let unknown = try await Support.Program.run(["bench", "sprint"], environment: [:])
        #expect(unknown.exitCode == 2)
    }
}
