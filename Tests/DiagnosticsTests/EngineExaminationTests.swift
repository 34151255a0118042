import DockerPort
import Foundation
import Primitives
import Support
import Testing

@testable import Diagnostics
@testable import Settings

@Suite("What the doctor finds on the Docker Engine")
struct EngineExaminationTests {
    /// The facts about an Engine with 2 CPUs and 4 GiB of memory.
    private func facts(
        images: [String] = [],
        settings change: (inout Settings) -> Void = { _ in },
        preparing prepare: (FakeDocker) async -> Void = { _ in }
    ) async -> EngineFacts {
        let docker = FakeDocker()
        await docker.addNetwork("galaxy-net")
        await prepare(docker)
        var settings = Settings(cores: 1)
        change(&settings)
        return await EngineExamination(docker: docker, settings: settings, images: images).facts()
    }

    @Test("is the Engine's description, and the settings to compare with")
    func description() async {
        let found = await facts()
        #expect(found.info?.cpus == 2)
        #expect(found.problem == nil)
        #expect(found.network == "galaxy-net")
        #expect(found.networkState == .usable(driver: "bridge"))
        #expect(found.defaultCPUs == 1)
        #expect(found.defaultMemory == 512 << 20)
    }

    @Test("is the reason, if the Engine does not answer")
    func away() async {
        let found = await facts(images: ["engine:1"], preparing: { await $0.setReachable(false) })
        #expect(found.info == nil)
        #expect(found.problem == "the Engine is out of reach")
        #expect(found.images == [])
    }

    @Test("is a missing network")
    func network() async {
        let found = await facts(settings: { $0.network = "other-net" })
        guard case .unusable(let problem) = found.networkState else {
            Issue.record("\(found.networkState)")
            return
        }
        #expect(problem.contains("other-net"))
    }

    @Test("is an overlay network, which a Swarm worker does not list before its first container, and a manager does")
    func overlay() async {
        let change: (inout Settings) -> Void = { $0.network = "far-net" }
        let hidden = await facts(settings: change) { docker in
            await docker.setSwarm(.worker)
            await docker.addOverlay("far-net")
        }
        #expect(hidden.networkState == .unlisted)
        let finding = hidden.findings.first { $0.check == "network" }
        #expect(finding?.level == .ok && finding?.text.contains("is not listed here") == true)
        let shown = await facts(settings: change) { docker in
            await docker.setSwarm(.manager)
            await docker.addOverlay("far-net")
        }
        #expect(shown.networkState == .usable(driver: "overlay"))
    }

    @Test("is a Swarm that cannot be asked: a warning, and a failure if the network is not listed")
    func awaySwarm() async {
        let found = await facts(
            settings: { $0.network = "far-net" },
            preparing: { await $0.setSwarm(.away("pending")) }
        )
        let told = found.findings.filter { $0.level != .ok }
        #expect(told.map(\.check) == ["swarm", "network"] && told.map(\.level) == [.warning, .failure])
        #expect(told.first?.text.contains("pending") == true)
    }

    @Test(
        "is the reason why a start of an image would fail, also against the limits of the host",
        arguments: [
            (["com.galaxy.cpu_quota": "2"], nil), (["com.galaxy.cpu_quota": "2.5"], "cpu_quota 2.5 is above the 2.0"),
            (["com.galaxy.memory": "4g"], nil), (["com.galaxy.memory": "5g"], "memory 5g is above the 4g"),
            (["com.galaxy.port": "x"], "which is no port"),
        ] as [(LabelMap, String?)]
    )
    func images(labels: LabelMap, problem: String?) async throws {
        let found = await facts(
            images: ["engine:1"],
            preparing: { await $0.addImage(FakeDocker.Image("engine:1", labels: labels)) }
        )
        let image = try #require(found.images.first)
        #expect(found.images.count == 1)
        #expect(image.isPresent)
        if let problem {
            #expect(image.problem?.contains(problem) == true, "\(image.problem ?? "no problem")")
        } else {
            #expect(image.problem == nil)
        }
    }

    @Test("is an image that is not there, that may not run, or that is none")
    func otherImages() async {
        let found = await facts(
            images: ["absent:1", "other/engine:1", "NO IMAGE"],
            settings: { $0.allowedImages = ["absent:*"] }
        )
        #expect(found.images.map(\.reference) == ["absent:1", "other/engine:1", "NO IMAGE"])
        #expect(found.images.allSatisfy { !$0.isPresent })
        #expect(found.images.map { $0.problem == nil } == [true, false, false])
    }
}

@Suite("What the doctor finds on this machine")
struct HostExaminationTests {
    @Test(
        "is whether others than its owner have access to a secret",
        arguments: [
            (0o600, false), (0o400, false), (0o640, true), (0o620, true), (0o610, true), (0o604, true), (0o602, true),
            (0o601, true),
        ]
    )
    func permissions(mode: Int, isOpen: Bool) throws {
        let directory = try temporaryDirectory("secret")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/file"
        try Data("k:0123456789abcdef\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        var settings = Settings(cores: 1)
        settings.stateRoot = directory
        settings.signingKeyFile = path
        settings.httpTokenFile = path
        let facts = HostFacts.read(settings, isRemoteEngine: false)
        #expect(facts.secrets.map(\.check) == ["signing key", "http token"])
        #expect(facts.secrets.map(\.isOpen) == [isOpen, isOpen])
        #expect(facts.secrets.map(\.problem) == [nil, nil])
        #expect(facts.stateFolder == .writable)
    }

    @Test("is a secret that no worker could use")
    func unusable() throws {
        let directory = try temporaryDirectory("secret")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/file"
        try Data("short".utf8).write(to: URL(fileURLWithPath: path))
        var settings = Settings(cores: 1)
        settings.signingKeyFile = path
        settings.httpTokenFile = path
        settings.stateRoot = path + "/games"
        let facts = HostFacts.read(settings, isRemoteEngine: false)
        #expect(facts.secrets.count == 2)
        #expect(facts.secrets.allSatisfy { $0.problem?.contains(path) == true })
        #expect(facts.stateFolder == .isNoDirectory(path: path))
    }
}
