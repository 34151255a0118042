import Primitives
import DockerPort
import JobContract
import Testing

@testable import RuntimeCore

@Suite("The container spec of a job")
struct TranslationTests {
    private func job(_ change: (inout Job) -> Void = { _ in }) -> Job {
        var job = Job(id: "j1", kind: .start, gameID: "g1", image: ImageReference("galaxy/engine:1"))
        change(&job)
        return job
    }

    @Test("follows the contract")
    func spec() throws {
        let settings = NodeSettings(env: ["REGION": "eu", "A": "worker"])
        let job = job {
            $0.env = ["A": "job", "STORAGE_PATH": "/elsewhere"]
            $0.cmd = ["serve"]
            $0.labels = ["team": "x"]
        }
        let spec = try Translation(settings).runSpec(for: job, imageLabels: [:])
        #expect(spec.name == "galaxy-game-g1" && spec.hostname == "galaxy-game-g1" && spec.network == "galaxy-net")
        #expect(
            spec.env == [
                "REGION": "eu", "A": "job", "GAME_STATE_PATH": "/var/lib/galaxy", "STORAGE_PATH": "/elsewhere",
            ]
        )
        #expect(spec.labels.count == 6 && spec.labels["com.galaxy.owner"] == "rtmanager")
        #expect(spec.labels["com.galaxy.namespace"] == "rtm" && spec.labels["com.galaxy.game_id"] == "g1")
        #expect(spec.labels["com.galaxy.job_id"] == "j1" && spec.labels["team"] == "x")
        let root = "/var/lib/rtmanager/games"
        #expect(spec.bindMounts == [BindMount(hostPath: root + "/g1", mountPath: "/var/lib/galaxy", root: root)])
        #expect(spec.logDriver == "json-file" && spec.logOpts == ["max-size": "10m", "max-file": "3"])
        #expect(spec.cpuQuota == 1 && spec.memory == "512m" && spec.pidsLimit == 512)
        #expect(spec.engineEndpoint == "http://galaxy-game-g1:8080")
    }

    @Test("has the limits of the job, else of the image, else of the worker")
    func limits() throws {
        let labels: LabelMap = ["com.galaxy.cpu_quota": "0.5", "com.galaxy.memory": "64m", "com.galaxy.port": "9000"]
        let job = job { $0.limits = .init(memory: "32m") }
        let spec = try Translation(NodeSettings()).runSpec(for: job, imageLabels: labels)
        #expect(spec.cpuQuota == 0.5 && spec.memory == "32m" && spec.pidsLimit == 512 && spec.enginePort == 9000)
    }

    @Test(
        "refuses an invalid label of the image",
        arguments: [
            ["com.galaxy.memory": "much"], ["com.galaxy.memory": "1m"], ["com.galaxy.cpu_quota": "nan"],
            ["com.galaxy.cpu_quota": "0.001"], ["com.galaxy.pids_limit": "0"], ["com.galaxy.port": "70000"],
            ["com.galaxy.cpu_quota": "0x10"], ["com.galaxy.cpu_quota": "inf"], ["com.galaxy.cpu_quota": "1e400"],
            ["com.galaxy.cpu_quota": "0x1p3"], ["com.galaxy.cpu_quota": "+1"], ["com.galaxy.cpu_quota": " 1"],
            ["com.galaxy.pids_limit": "+64"], ["com.galaxy.pids_limit": "0x40"], ["com.galaxy.port": "+80"],
            ["com.galaxy.memory": "512\u{212A}"], ["com.galaxy.memory": "+64m"],
        ]
    )
    func imageLabels(labels: LabelMap) {
        let failure = #expect(throws: JobFailure.self) {
            try Translation(NodeSettings()).runSpec(for: job(), imageLabels: labels)
        }
        #expect(failure?.code == .invalidSpec)
    }

    @Test("keeps the job's labels by their bytes, in the container and in the digest")
    func labelBytes() throws {
        let spellings = job { $0.labels = ["\u{e9}": "1", "e\u{301}": "2"] }
        let spec = try Translation(NodeSettings()).runSpec(for: spellings, imageLabels: [:])
        #expect(spec.labels.count == 7 && spec.labels["\u{e9}"] == "1" && spec.labels["e\u{301}"] == "2")
        #expect(ContainerIdentity(of: spec).labels == spellings.labels)
        let digests = [["\u{e9}": "1"], ["e\u{301}": "1"], ["a": "\u{e9}"], ["a": "e\u{301}"]].map { labels in
            Translation.specDigest(of: job { $0.labels = LabelMap(labels) })
        }
        #expect(Set(digests).count == digests.count)
    }

    @Test("has a digest of the job's request, not of the job's id")
    func digest() {
        let digest = Translation.specDigest(of: job())
        #expect(digest == Translation.specDigest(of: job { $0.id = "j2" }))
        #expect(digest == Translation.specDigest(of: job { $0.env = [:] }))
        for change: (inout Job) -> Void in [
            { $0.image = ImageReference("galaxy/engine:2") }, { $0.cmd = ["x"] }, { $0.env = ["A": "1"] },
            { $0.labels = ["a": "b"] }, { $0.limits.memory = "64m" }, { $0.limits.pidsLimit = 1 },
            { $0.bindMounts = [.init(hostPath: "/a", mountPath: "/b")] },
        ] {
            #expect(digest != Translation.specDigest(of: job(change)))
        }
    }
}
