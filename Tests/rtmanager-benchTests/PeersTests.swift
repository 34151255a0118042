import Foundation
import Support
import Terminal
import Testing

@testable import rtmanager_bench

@Suite("The peers of the bench")
struct PeersTests {
    /// An entry of a file as JSON. A nil value removes the key.
    private static func entry(_ changes: [String: String?] = [:]) -> String {
        let usual: [String: String?] = [
            "name": #""fake""#, "title": #""fake 1.0""#, "killed": #""lost""#, "jobs": "100", "needs": #"["sh"]"#,
            "install": #""make""#, "fill": #"["./fake", "fill", "{jobs}"]"#, "work": #"["./fake"]"#,
            "left": #"[["LLEN", "fake"]]"#,
        ]
        let values = usual.merging(changes) { $1 }.compactMapValues { $0 }
        return "{" + values.map { "\"\($0.key)\": \($0.value)" }.sorted().joined(separator: ", ") + "}"
    }

    private func parse(_ text: String) throws -> [Peer] {
        try PeersFile.parse([UInt8](text.utf8), named: "peers.json")
    }

    @Test("The file of the sources has no mistakes")
    func shipped() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        let file = try PeersFile.read("\(path)/peers/peers.json", only: "celery,rq")
        #expect(file.folder == "\(path)/peers" && file.peers.map(\.name) == ["celery", "rq"])
        for peer in file.peers { #expect(peer.lone != nil && peer.environment.isEmpty) }
    }

    @Test("An entry has its values, and words are filled in")
    func values() throws {
        let peer = try #require(try parse("[\(Self.entry(["environment": #"{"A": "1"}"#]))]").first)
        #expect(
            peer.jobs == 100 && peer.left == [["LLEN", "fake"]] && peer.lone == nil && peer.environment == ["A": "1"]
        )
        let words = Peer.filled(peer.fill + ["{url}"], jobs: 7, url: "unix:///s", folder: "/dir")
        #expect(words == ["/dir/./fake", "fill", "7", "unix:///s"])
        #expect(Peer.path("ruby", in: "/dir") == "ruby" && Peer.path("/bin/sh", in: "/dir") == "/bin/sh")
    }

    @Test(
        "A mistake is named with its place",
        arguments: [
            ("{", "must be a JSON list of peers"), ("[]", "the list has no peers"),
            ("{}", "the file must be of the kind list"), ("[1]", "entry 1 must be of the kind object"),
            ("[\(entry()), \(entry())]", "two peers have the name fake"),
            ("[\(entry(["name": #""a""#])), \(entry(["work": nil]))]", "entry 2 has no work"),
            ("[\(entry(["jobs": #""many""#]))]", "entry 1, jobs must be of the kind number"),
            ("[\(entry(["needs": #""sh""#]))]", "entry 1, needs must be of the kind list"),
            ("[\(entry(["fill": "[1]"]))]", "entry 1, fill must be of the kind text"),
            ("[\(entry(["lones": "[]"]))]", "entry 1 has the unknown key lones; the keys are environment, fill"),
            ("[\(entry(["name": #""a,b""#]))]", "entry 1 has the name a,b: take letters"),
            ("[\(entry(["name": #""rtmanager""#]))]", "but not rtmanager"),
            ("[\(entry(["jobs": "0"]))]", "entry 1 has 0 jobs"),
            ("[\(entry(["work": "[]"]))]", "entry 1 has no program in work"),
            ("[\(entry(["fill": #"["./fill"]"#]))]", "entry 1 has no word {jobs} in fill"),
            ("[\(entry(["left": #"[["FLUSHALL", "x"]]"#]))]", "entry 1 needs in left"),
        ]
    )
    func mistakes(text: String, message: String) throws {
        let error = try #require(throws: CommandError.self) { try parse(text) }
        #expect(error.reason == .wrongUse && error.description.hasPrefix("peers.json: "))
        #expect(error.description.contains(message), "\(error)")
    }

    @Test("Unknown names and files are refused")
    func only() throws {
        let peers = try parse("[\(Self.entry())]")
        let unknown = try #require(throws: CommandError.self) { try PeersFile.chosen("fake,rq", of: peers) }
        #expect(unknown.description == "--only names rq, but the peers are fake")
        let absent = try #require(throws: CommandError.self) { try PeersFile.read("/nowhere/peers.json", only: nil) }
        #expect(absent.description.contains("Tests/peers/install DIR makes DIR/peers.json"))
    }

    @Test("The command asks for the file")
    func needsFile() async throws {
        let output = try await Support.Program.run(["bench", "peers"], environment: [:])
        #expect(output.exitCode == 2 && output.errors.contains("peers needs --peers"))
    }

    private func stat(_ pid: Int, parent: Int, group: Int, ticks: Int, state: String = "S") -> String {
        "\(pid) (a) b (c)) \(state) \(parent) \(group) 1 0 -1 4194304 0 0 0 0 \(ticks) 1 2 3 20 0 4 0 100 1000 200"
    }

    @Test("A group has its members and their descendants, and the time of ended children")
    func group() throws {
        let stats = [
            stat(20, parent: 12, group: 20, ticks: 400), stat(10, parent: 1, group: 10, ticks: 100),
            stat(11, parent: 10, group: 10, ticks: 200), stat(12, parent: 11, group: 12, ticks: 300),
            stat(30, parent: 1, group: 30, ticks: 5_000), "no stat",
        ]
        let usage = try #require(
            GroupUsage(leader: 10, stats: stats, ticksPerSecond: 100) { pid in
                "Rss: 9 kB\nShared_Clean: \(pid * 1_024) kB\nShared_Dirty: 0 kB\nPrivate_Clean: 1024 kB\n"
                    + "Private_Dirty:    \(pid * 1_024) kB\nReferenced: 7 kB\n"
            }
        )
        // 10 + 11 + 12 + 20 dirty and 1 clean each are private. Of the shared pages those of process 20 count.
        #expect(usage.cpu == 10.24 && usage.mebibytes == 57 + 20)
        #expect(GroupUsage(leader: 40, stats: stats, ticksPerSecond: 100) { _ in "" } == nil)
        #expect(ProcessStat(stat(5, parent: 1, group: 5, ticks: 0, state: "Z"))?.isZombie == true)
    }

    @Test("A drain counts from the first job gone to the last")
    func drain() throws {
        let stats = [100, 350].map { stat(10, parent: 1, group: 10, ticks: $0) }
        let usages = stats.map { GroupUsage(leader: 10, stats: [$0], ticksPerSecond: 100) { _ in "" } }
        let begin = PeerSample(seconds: 3, left: 90, redisCPU: 1, group: usages[0])
        let end = PeerSample(seconds: 5, left: 0, redisCPU: 1.9, group: usages[1])
        let drain = PeerDrain(from: begin, to: end, peakMiB: 7)
        #expect(drain.jobsPerSecond == 45 && drain.workerMiB == 7)
        #expect(abs(drain.redisMicros - 10_000) < 0.001)
        #expect(abs(try #require(drain.workerMicros) - 2_500_000 / 90) < 0.001)
    }

    private func result(_ name: String, _ rates: [Double], lone: [Double]) throws -> PeerResult {
        var result = PeerResult(try #require(try parse("[\(Self.entry(["name": "\"\(name)\""]))]").first))
        result.title = "\(name) 1.0"
        result.rounds = rates.map { rate in
            let counts = CommandCounts(statistics: "")
            return PeerRound(
                baseline: DrainFigures(jobsPerSecond: 40_000, redisMicros: 11, workerMicros: 9, counts: counts),
                worker: PeerDrain(jobsPerSecond: rate, redisMicros: 62.5, workerMicros: 1_234.5, workerMiB: 35.5),
                lone: lone,
                baselineLone: lone.map { $0 / 2 }
            )
        }
        return result
    }

    @Test("The table has the medians, rtmanager first and then the fastest")
    func table() throws {
        var own = try result("a", [10_000, 12_000, 8_000], lone: [2, 4, 6])
        (own.name, own.title) = (PeerResult.own, PeerResult.own)
        let (slow, fast) = (try result("slow", [400], lone: []), try result("fast", [20_000], lone: [1]))
        let table = [slow, try result("none", [], lone: []), own, fast].table
        #expect(table.count == 5 && table[1] == "| --- | --- | --- | --- | --- | --- | --- | --- |")
        #expect(
            table[2]
                == "| rtmanager | lost | 0.25 | 10,000 (40,000) | 62.5 µs (11.0) | 1,235 µs (9.0) "
                + "| 4.0 and 6.0 ms (2.0 and 3.0) | 35.5 MiB |"
        )
        #expect(table[3].hasPrefix("| fast 1.0 | lost | 0.5 | 20,000 "))
        #expect(table[4].hasPrefix("| slow 1.0 | lost | 0.01 | 400 ") && table[4].hasSuffix(" | - | 35.5 MiB |"))
        let figures = Dictionary(uniqueKeysWithValues: own.figures.map { ($0.name, $0) })
        #expect(figures["rtmanager: one job, p50"]?.value == 4 && figures["rtmanager: one job, p50"]?.baseline == 2)
    }

    @Test("Thousands have commas", arguments: [(1.5, "1.5"), (999, "999"), (1_005, "1,005"), (2_000_300, "2,000,300")])
    func grouped(value: Double, text: String) { #expect(PeerResult.grouped(value) == text) }
}
