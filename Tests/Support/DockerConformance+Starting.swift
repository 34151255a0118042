import Primitives
import DockerPort
import Foundation
import Testing

extension DockerConformance {
    func describesItself() async throws {
        try await client.ping()
        let info = try await client.info()
        #expect(!info.id.isEmpty)
        #expect(info.cpus > 0)
        #expect(info.memoryBytes > 0)
        #expect(!info.apiVersion.isEmpty)
    }

    func inspectsImages() async throws {
        let image = try await client.inspectImage(environment.image)
        #expect(image.ref == environment.image)
        #expect(image.id.hasPrefix("sha256:"))
        #expect(image.labels["conformance"] == "yes")
        #expect(!image.hasHealthcheck)
        #expect(await code { try await client.inspectImage("no/such-image:1") } == .imageNotFound)
        // The beginning of its id is taken for a name.
        let beginning = String(image.id.dropFirst("sha256:".count).prefix(12))
        #expect(await code { try await client.inspectImage(beginning) } == .imageNotFound)
        for reference in ["", "UPPER:1", "a b", image.id, String(repeating: "a", count: 64)] {
            #expect(await code { try await client.inspectImage(reference) } == .invalidSpec)
        }
    }

    func pullsNothingThatIsThere() async throws {
        try await client.pullImage(environment.image, policy: .never, progress: nil)
        try await client.pullImage(environment.image, policy: .ifMissing) { _ in Issue.record("nothing is pulled") }
        let absent = await code {
            try await client.pullImage("no/such-image:1", policy: .never, progress: nil)
        }
        #expect(absent == .imageNotFound)
    }

    func pulls() async throws {
        let wanted = environment.pullableImage
        #expect(await code { try await client.inspectImage(wanted) } == .imageNotFound)
        #expect(await code { try await client.pullImage(wanted, policy: .never, progress: nil) } == .imageNotFound)
        let reports = Ticks()
        try await client.pullImage(wanted, policy: .ifMissing) { progress in
            #expect(progress.reference == wanted && progress.layersDone <= progress.layers)
            _ = reports.next()
        }
        #expect(reports.next() > 1)
        #expect(try await client.inspectImage(wanted).ref == wanted)
        try await client.pullImage(wanted, policy: .never, progress: nil)
        try await client.pullImage(wanted, policy: .always, progress: nil)
        let unknown = environment.unknownImage
        for policy in [PullPolicy.ifMissing, .always] {
            let failure = await failure { try await client.pullImage(unknown, policy: policy, progress: nil) }
            #expect(failure?.code == .imageNotFound)
            #expect(failure?.retryable == false)
        }
    }

    func undoesAnotherImage(_ rule: Rule) async throws {
        var spec = spec(rule)
        spec.imageID = "sha256:" + String(repeating: "0", count: 64)
        let other = spec
        let failure = await failure { try await client.run(other) }
        #expect(failure?.code == .startFailed)
        #expect(failure?.retryable == true)
        #expect(await code { try await client.inspectContainer(other.name) } == .containerNotFound)
        spec.imageID = try await client.inspectImage(spec.image).id
        _ = try await client.run(spec)
    }

    func mountsWhatIsAsked(_ rule: Rule) async throws {
        let directory = try temporaryDirectory("mounted")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var spec = spec(rule)
        spec.bindMounts = [BindMount(hostPath: directory, mountPath: "/data", readOnly: true)]
        _ = try await client.run(spec)
        #expect(try await client.inspectContainer(spec.name).mounts == spec.bindMounts)
    }

    func publishesPorts(_ rule: Rule) async throws {
        var first = spec(rule)
        first.published = PublishedPort(address: "127.0.0.1", host: "games.example")
        let result = try await client.run(first)
        let port = try #require(result.hostPort)
        #expect(result.engineEndpoint == "http://games.example:\(port)")
        let shown = try await client.inspectContainer(first.name).hostPorts
        #expect(shown == [8080: HostPort(address: "127.0.0.1", port: port)])
        var second = spec(rule)
        (second.name, second.hostname) = (second.name + "-b", second.hostname + "-b")
        second.published = PublishedPort(address: "127.0.0.1", host: "games.example", port: port)
        let same = second
        let failure = await failure { try await client.run(same) }
        #expect(failure?.code == .portTaken, "\(failure?.message ?? "no failure")")
        #expect(await code { try await client.inspectContainer(same.name) } == .containerNotFound)
        // A port is free again when its container has ended.
        _ = try await client.stop(first.name, timeout: .seconds(5))
        #expect(try await client.inspectContainer(first.name).hostPorts.isEmpty)
        #expect(try await client.run(same).hostPort == port)
    }

    func runsAndInspects(_ rule: Rule) async throws {
        let spec = spec(rule)
        let result = try await client.run(spec)
        #expect(DockerNames.isContainerID(result.containerID.text))
        #expect(result.engineEndpoint == "http://\(spec.hostname):8080")
        for reference in [spec.name, result.containerID.text] {
            let inspect = try await client.inspectContainer(reference)
            #expect(inspect.id == result.containerID)
            #expect(inspect.name == spec.name)
            #expect(inspect.hostname == spec.hostname)
            #expect(inspect.imageRef == spec.image)
            #expect(inspect.imageID.hasPrefix("sha256:"))
            #expect(inspect.status == "running")
            #expect(inspect.health.isEmpty)
            #expect(inspect.startedAt == result.startedAt)
            #expect(inspect.finishedAt == nil)
            #expect(inspect.addresses[spec.network] != nil)
            #expect(inspect.labels["conformance"] == "yes")
            for (label, value) in spec.labels { #expect(inspect.labels[label] == value) }
        }
    }

    func keepsTheHolderOfAName(_ rule: Rule) async throws {
        let first = try await client.run(spec(rule))
        var other = spec(rule)
        other.labels["rule"] = "another"
        let failure = await self.failure { try await client.run(other) }
        #expect(failure?.code == .nameConflict)
        #expect(failure?.containerID == first.containerID)
        #expect(failure?.mayHaveHappened == false)
        let inspect = try await client.inspectContainer(first.containerID.text)
        #expect(inspect.isRunning)
        #expect(inspect.startedAt == first.startedAt)
    }

    func makesOneOfManyAtOnce(_ rule: Rule) async {
        let codes = await withTaskGroup(of: DockerError.Code?.self) { group in
            for _ in 0..<6 {
                group.addTask { await code { try await client.run(spec(rule)) } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.count(where: { $0 == nil }) == 1)
        #expect(codes.count(where: { $0 == .nameConflict }) == 5)
    }

    func leavesNothingWithoutNetwork(_ rule: Rule) async throws {
        var spec = spec(rule)
        spec.network = "no-such-network-here"
        let failure = await self.failure { try await client.run(spec) }
        #expect(failure?.code == .networkMissing)
        #expect(failure?.mayHaveHappened == false)
        #expect(await code { try await client.inspectContainer(spec.name) } == .containerNotFound)
    }

    func refusesUnknownImages(_ rule: Rule) async {
        let spec = spec(rule, image: "no/such-image:1")
        #expect(await code { try await client.run(spec) } == .imageNotFound)
        #expect(await code { try await client.inspectContainer(spec.name) } == .containerNotFound)
    }

    func refusesSpecsBeforeAnyCall(_ rule: Rule) async {
        let changes: [(inout RunSpec) -> Void] = [
            { $0.name = "" }, { $0.name = "../x" }, { $0.image = "UPPER" }, { $0.hostname = "a_b" },
            { $0.network = "host" }, { $0.logDriver = "" }, { $0.cpuQuota = 0.001 }, { $0.cpuQuota = .nan },
            { $0.memory = "5m" }, { $0.memory = "1.5g" }, { $0.pidsLimit = 0 }, { $0.pidsLimit = 5_000_000 },
            { $0.env = ["A=B": "c"] }, { $0.cmd = ["a\0b"] }, { $0.enginePort = 0 },
            { $0.bindMounts = [BindMount(hostPath: "/srv/../etc", mountPath: "/data")] },
            { $0.bindMounts = [BindMount(hostPath: "/srv", mountPath: "data")] },
            { $0.bindMounts = [BindMount(hostPath: "/srv", mountPath: "/etc")] },
            { $0.logDriver = "syslog" }, { $0.logOpts = ["tag": "x"] }, { $0.logOpts = ["max-size": "much"] },
            { $0.hardening.capAdd = ["ALL"] },
        ]
        for (index, change) in changes.enumerated() {
            var spec = spec(rule)
            change(&spec)
            let failure = await self.failure { try await client.run(spec) }
            #expect(failure?.code == .invalidSpec, "change \(index): \(failure?.message ?? "accepted")")
            #expect(failure?.message.hasPrefix("run spec: ") == true)
        }
    }

    /// Whether the run still sees the process is a matter of a millisecond; what stays of it is not.
    func keepsWhatEndedAtOnce(_ rule: Rule) async throws {
        let spec = spec(rule, image: environment.endingImage)
        let failure = await self.failure { try await client.run(spec) }
        if let failure {
            #expect(failure.code == .startFailed)
            #expect(failure.containerID == (try await client.inspectContainer(spec.name)).id)
        }
        try await eventually("the end of \(spec.name)", until: { $0.status == "exited" }) {
            try await client.inspectContainer(spec.name)
        }
        #expect(try await client.inspectContainer(spec.name).exitCode == 3)
    }

    func cancelsBeforeItBegins(_ rule: Rule) async {
        let ending = await withTaskGroup(of: DockerError.Code?.self) { group in
            group.cancelAll()
            group.addTask { await code { try await client.run(spec(rule)) } }
            return await group.next() ?? nil
        }
        #expect(ending == .cancelled)
        let left = await self.code { try await client.inspectContainer(name(rule)) }
        #expect(left == .containerNotFound)
    }
}
