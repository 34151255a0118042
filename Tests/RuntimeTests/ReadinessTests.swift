import Primitives
import DockerPort
import JobContract
import NIOCore
import NIOPosix
import Support
import Synchronization
import Testing

@Suite("A start that waits until its game is ready", .timeLimit(.minutes(2)))
struct ReadinessPollerTests {
    private static let waits = #","ready_timeout_seconds":20"#
    private static let impatient = #","ready_timeout_seconds":1"#

    /// Puts an image there whose engine listens at `port` of this machine: the fake's containers have its address.
    private func image(_ docker: FakeDocker, port: Int, path: String? = nil, hasHealthcheck: Bool = false) async {
        var labels: LabelMap = ["com.galaxy.port": "\(port)"]
        labels["com.galaxy.ready_path"] = path
        await docker.addImage(FakeDocker.Image("engine:1", labels: labels, hasHealthcheck: hasHealthcheck))
    }

    @Test("ends when the port accepts, and not before")
    func port() async throws {
        try await WorkerWorld.with { world in
            let port = try FreePort.find()
            await image(world.docker, port: port)
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: Self.waits)
                try await eventually("inspections", until: { $0 > 3 }) { await world.inspections() }
                #expect(try await world.state("s1") == "running")
                try await FakeEngine.with(port: port) {
                    let result = try await world.result("s1")
                    #expect(result.effect == .started && result.containerID != nil)
                }
            }
        }
    }

    @Test("ends when the path answers below 500")
    func path() async throws {
        try await WorkerWorld.with { world in
            let port = try FreePort.find()
            await image(world.docker, port: port, path: "/up")
            try await world.withWorker { _ in
                let answer = Answer("HTTP/1.1 503 Not Yet\r\n\r\n")
                try await FakeEngine.with(port: port, answer: answer) {
                    try await world.push(.start, "s1", more: Self.impatient)
                    let result = try await world.result("s1")
                    #expect(result.errorCode == "not_ready")
                    #expect(result.error?.contains("/up") == true)
                    answer.text = "HTTP/1.1 404 Not Found\r\n\r\n"
                    try await world.push(.start, "s2", more: Self.waits)
                    #expect(try await world.result("s2").effect == .started)
                }
            }
        }
    }

    @Test("ends when the image's health check is healthy, whatever its port does")
    func health() async throws {
        try await WorkerWorld.with { world in
            await image(world.docker, port: 1, hasHealthcheck: true)
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: Self.waits)
                try await eventually("the container", until: { $0 > 2 }) { await world.inspections() }
                await world.docker.setHealth(container: "galaxy-game-g1", "unhealthy")
                await world.docker.setHealth(container: "galaxy-game-g1", "healthy")
                #expect(try await world.result("s1").effect == .started)
            }
        }
    }

    @Test("fails after the time-out, and removes the container")
    func tooLate() async throws {
        try await WorkerWorld.with { world in
            await image(world.docker, port: try FreePort.find())
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: Self.impatient)
                let result = try await world.result("s1")
                #expect(result.outcome == .failed && result.errorCode == "not_ready" && result.containerID == nil)
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }

    @Test("fails as soon as the process ends")
    func ends() async throws {
        try await WorkerWorld.with { world in
            await image(world.docker, port: try FreePort.find())
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: #","ready_timeout_seconds":600"#)
                try await eventually("the container", until: { $0 > 2 }) { await world.inspections() }
                await world.docker.exit(container: "galaxy-game-g1", code: 3)
                let result = try await world.result("s1", within: .seconds(5))
                #expect(result.errorCode == "not_ready" && result.error?.contains("exit code 3") == true)
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }

    @Test("is cancelled by a stop, and leaves nothing behind")
    func cancelled() async throws {
        try await WorkerWorld.with { world in
            await image(world.docker, port: try FreePort.find())
            try await world.withWorker { _ in
                try await world.push(.start, "s1", more: #","ready_timeout_seconds":600"#)
                try await eventually("the container", until: { $0 > 2 }) { await world.inspections() }
                try await world.push(.stop, "t1")
                #expect(try await world.result("s1", within: .seconds(3)).outcome == .superseded)
                #expect(try await world.result("t1").effect == .alreadyAbsent)
                #expect(await world.docker.containersByName.isEmpty)
            }
        }
    }

    @Test("asks through the gateway bridge on an overlay network, and fails at once where there is no such way")
    func overlay() async throws {
        try await WorkerWorld.with { world in
            let port = try FreePort.find()
            await image(world.docker, port: port)
            await world.docker.removeNetwork("galaxy-net")
            await world.docker.setSwarm(.worker)
            await world.docker.addOverlay("galaxy-net")
            try await world.withWorker { _ in
                try await FakeEngine.with(port: port) {
                    try await world.push(.start, "s1", more: Self.waits)
                    #expect(try await world.result("s1").effect == .started)
                }
                await world.docker.addOverlay("galaxy-net", .init(isInternal: true))
                try await world.push(.restart, "r1", more: #","ready_timeout_seconds":600"#)
                let result = try await world.result("r1", within: .seconds(5))
                #expect(result.errorCode == "not_ready")
                #expect(result.error?.contains("HEALTHCHECK") == true, "\(result.error ?? "")")
            }
        }
    }

    @Test("keeps a container of another job that does not answer")
    func othersContainer() async throws {
        try await WorkerWorld.with { world in
            await image(world.docker, port: try FreePort.find())
            try await world.withWorker { _ in
                try await world.push(.start, "s1")
                #expect(try await world.result("s1").effect == .started)
                try await world.push(.start, "s2", more: Self.impatient)
                let result = try await world.result("s2")
                #expect(result.errorCode == "not_ready" && result.containerID != nil)
                #expect(await world.docker.containersByName.count == 1)
            }
        }
    }
}

extension WorkerWorld {
    /// How often a container was looked at.
    func inspections() async -> Int { await docker.calls[.inspectContainer] ?? 0 }
}

/// A server at a port of this machine that answers every request with the same.
private enum FakeEngine {
    static func with(port: Int, answer: Answer? = nil, _ body: () async throws -> Void) async throws {
        let channel = try await bind(port: port, answer: answer)
        do {
            try await body()
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    private static func bind(port: Int, answer: Answer?) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let answer else { return }
                    try channel.pipeline.syncOperations.addHandler(Parrot(answer))
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .get()
    }
}

/// What a server answers now.
private final class Answer: Sendable {
    private let current: Mutex<String>

    init(_ text: String) { current = Mutex(text) }

    var text: String {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}

private final class Parrot: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: Answer

    init(_ answer: Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer.text)), promise: nil)
        context.close(promise: nil)
    }
}
