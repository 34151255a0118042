import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Containers of this namespace")
struct OwnedContainerTests {
    private static let id = ContainerID(String(repeating: "ab", count: 32))

    private static let own: LabelMap = [
        "com.galaxy.owner": "rtmanager", "com.galaxy.namespace": "rtm", "com.galaxy.game_id": "g1",
        "com.galaxy.job_id": "j1", "com.galaxy.spec": "sha256:1",
    ]

    private func inspect(
        _ id: ContainerID = Self.id,
        hostname: String = "any-name",
        labels: LabelMap = Self.own,
        status: String = "running",
        createdAt: Int64? = nil
    ) -> ContainerInspect {
        ContainerInspect(
            id: id,
            name: "renamed",
            imageRef: "e",
            hostname: hostname,
            labels: labels,
            status: status,
            createdAt: createdAt.map { Timestamp(seconds: $0) }
        )
    }

    private func owned(_ container: ContainerInspect, _ image: ImageLabels = .known([:])) -> OwnedContainer? {
        OwnedContainer(container, image: image, namespace: "rtm")
    }

    @Test("have our own labels and a hostname that was set, whatever their name")
    func ours() throws {
        let container = try #require(owned(inspect()))
        #expect(container.gameID == "g1" && container.jobID == "j1")
    }

    @Test("do not have another owner or namespace, no game or job, or an invalid game id")
    func others() {
        for (label, value) in [
            ("com.galaxy.owner", "somebody"), ("com.galaxy.namespace", "other"), ("com.galaxy.game_id", ""),
            ("com.galaxy.game_id", "Not A Game"), ("com.galaxy.job_id", ""), ("com.galaxy.job_id", "a b"),
        ] {
            #expect(owned(inspect(labels: Self.own.merging([label: value]) { $1 })) == nil, "\(label)=\(value)")
        }
        for label in ["com.galaxy.owner", "com.galaxy.namespace", "com.galaxy.game_id", "com.galaxy.job_id"] {
            #expect(owned(inspect(labels: Self.own.filter { $0.key != label })) == nil, "without \(label)")
        }
    }

    @Test("do not have a hostname that Docker derived from the id")
    func hostnames() {
        #expect(owned(inspect(hostname: Self.id.short)) == nil)
        #expect(owned(inspect(hostname: "")) == nil)
    }

    @Test("do not have an image with ownership labels; labels for limits and port are allowed")
    func images() {
        for label in GalaxyLabel.ownership {
            #expect(owned(inspect(), .known([label: ""])) == nil, "\(label)")
            let refused = #expect(throws: JobFailure.self) {
                try OwnedContainer.requireNoOwnership(in: ImageInspect(ref: "e:1", labels: [label: "x"]))
            }
            #expect(refused?.code == .startFailed && refused?.retryable == false)
            #expect(refused?.message.contains(label) == true)
        }
        let allowed: LabelMap = [
            "com.galaxy.cpu_quota": "1", "com.galaxy.memory": "64m", "com.galaxy.pids_limit": "9",
            "com.galaxy.port": "1", "com.galaxy.ready_path": "/", "org.opencontainers.image.title": "engine",
            "com.docker.compose.project": "x",
        ]
        #expect(owned(inspect(), .known(allowed)) != nil)
        #expect(throws: Never.self) {
            try OwnedContainer.requireNoOwnership(in: ImageInspect(ref: "e:1", labels: allowed))
        }
    }

    @Test("may have a deleted image only if an event of the container was published before")
    func imageThatIsGone() {
        #expect(owned(inspect(), .gone(wasPublished: true)) != nil)
        #expect(owned(inspect(), .gone(wasPublished: false)) == nil)
    }

    @Test("have the job's labels without ours and the image's, with a size limit")
    func labels() {
        let more: LabelMap = ["team": "red", "maker": "ci", "tier": "own", "com.galaxy.port": "9"]
        let image: LabelMap = ["maker": "ci", "tier": "image", "com.galaxy.port": "9"]
        let container = owned(inspect(labels: Self.own.merging(more) { $1 }), .known(image))
        #expect(container?.jobLabels == ["team": "red", "tier": "own"])
        let many = LabelMap((0..<100).map { (key: "label-\(1_000 + $0)", value: String(repeating: "x", count: 90)) })
        let cut = owned(inspect(labels: Self.own.merging(many) { $1 }))?.jobLabels ?? [:]
        #expect(cut.count == 40)
        #expect(cut.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } <= OwnedContainer.longestLabels)
        let spec = RunSpec(
            name: "n",
            image: "e",
            hostname: "n",
            network: "net",
            labels: Self.own.merging(["team": "red"]) { $1 },
            logDriver: "none",
            cpuQuota: 1,
            memory: "64m",
            pidsLimit: 10
        )
        #expect(ContainerIdentity(of: spec).labels == ["team": "red"])
    }

    @Test("if a game has several, the running one counts, then the latest")
    func current() {
        let ids = (0..<4).map { ContainerID(String(repeating: "\($0)", count: 64)) }
        let all = [
            inspect(ids[0], status: "exited", createdAt: 9), inspect(ids[1], createdAt: 1),
            inspect(ids[2], createdAt: 2), inspect(ids[3], status: "exited"),
        ].compactMap { owned($0) }
        for order in [all, all.reversed()] {
            #expect(OwnedContainer.current(of: order)?.inspect.id == ids[2])
            #expect(OwnedContainer.current(of: order.filter { !$0.inspect.isRunning })?.inspect.id == ids[0])
        }
        #expect(OwnedContainer.current(of: []) == nil)
    }

    @Test("have an endpoint of their hostname and their image's port")
    func endpoint() {
        #expect(owned(inspect())?.engineEndpoint(port: 80) == "http://any-name:80")
        let labels = Self.own.merging(["com.galaxy.port": "9000"]) { $1 }
        #expect(owned(inspect(labels: labels))?.engineEndpoint(port: 80) == "http://any-name:9000")
    }
}
