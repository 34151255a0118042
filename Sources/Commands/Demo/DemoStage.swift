import DockerEngine
import DockerPort
import Logging
import Redis
import Runtime
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The stage of the demo: a private Redis, a Docker Engine with the demo's own image and network, and two workers.
///
/// At the end, even after a failure, the demo removes everything.
struct DemoStage: Sendable {
    /// The directory for sockets, logs and state folders. The demo removes the directory at the end.
    let directory: String
    /// The part of every name that keeps two demos apart.
    let tag: String
    let printer: DemoPrinter
    let logger: Logger

    static let image = "rtmanager-demo/engine:1"
    static let namespace = "demo"
    var network: String { "rtmanager-demo-\(tag)" }
    var namePrefix: String { "demo-\(tag)-" }
    var redisURL: String { "unix://\(directory)/redis.sock" }

    /// Runs `body` on a new stage, then removes the stage.
    static func with(
        _ printer: DemoPrinter,
        _ logger: Logger,
        _ body: (DemoStage) async throws -> Void
    ) async throws {
        let tag = String(UInt32.random(in: .min ... .max), radix: 36)
        let directory = "\(FileManager.default.temporaryDirectory.path)/rtmanager-demo-\(tag)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let stage = DemoStage(directory: directory, tag: tag, printer: printer, logger: logger)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await stage.withRedis {
            try await stage.withEngine { host in
                try await stage.withImageAndNetwork(host) {
                    try await stage.withWorkers(host) { try await body(stage) }
                }
            }
        }
    }

    private func withRedis(_ body: () async throws -> Void) async throws {
        try await Program.withRedis(for: "demo", in: directory, logger: logger) { _ in
            printer.prop("Redis", "private, redis-cli -s \(directory)/redis.sock")
            try await body()
        }
    }

    /// Runs `body` with the Docker Engine of the environment. If no Docker Engine answers, the demo may start a private
    /// one.
    private func withEngine(_ body: (_ host: String) async throws -> Void) async throws {
        let named = ProcessInfo.processInfo.environment["DOCKER_HOST"] ?? ""
        let host = named.isEmpty ? "unix:///var/run/docker.sock" : named
        if let version = await engineVersion(host) {
            printer.prop("Engine", "Docker \(version) at \(host)")
            return try await body(host)
        }
        guard named.isEmpty, geteuid() == 0, await Program.exists("dockerd") else {
            throw CommandError.outOfReach(
                "no Docker Engine answers at \(host); start one, name another in DOCKER_HOST, or run this as root "
                    + "where dockerd is installed, and it starts a private one"
            )
        }
        let socket = "unix://\(directory)/docker.sock"
        // The private daemon needs its own network namespace: two daemons in a namespace destroy each other's rules.
        let words = [
            "unshare", "--net", "dockerd", "--host", socket, "--data-root", "\(directory)/docker", "--exec-root",
            "\(directory)/docker-exec", "--pidfile", "\(directory)/docker.pid",
        ]
        try await Program.with(words, log: "\(directory)/dockerd.log") {
            try await awaitReadiness("the private dockerd", log: "\(directory)/dockerd.log") {
                await engineVersion(socket) != nil
            }
            let version = await engineVersion(socket) ?? "?"
            printer.prop("Engine", "Docker \(version), private, since none answers at \(host)")
            try await body(socket)
        }
    }

    private func engineVersion(_ host: String) async -> String? {
        var silent = logger
        silent.logLevel = .critical
        return try? await DockerEngine.withEngine(
            configuration: .init(environment: ["DOCKER_HOST": host]),
            logger: silent
        ) { try await $0.info().serverVersion }
    }

    private func log(of name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: "\(directory)/\(name)") ?? Data(), as: UTF8.self)
    }

    private func withImageAndNetwork(_ host: String, _ body: () async throws -> Void) async throws {
        try await makeImage(host)
        try await Program.output(["docker", "--host", host, "network", "create", network])
        printer.prop("Image", "\(Self.image), made of busybox on this machine")
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        await withCancellationShield { await removeLeftovers(host) }
        try outcome.get()
    }

    /// Creates the image of a tiny game engine. The process answers HTTP on its port, keeps state and ends on SIGTERM.
    private func makeImage(_ host: String) async throws {
        for tool in ["docker", "busybox", "tar"] {
            guard await Program.exists(tool) else {
                throw CommandError.failed("the demo needs \(tool): apt-get install docker.io busybox-static tar")
            }
        }
        let script = """
            set -e
            root=\(directory)/image; mkdir -p $root/bin $root/www
            cp "$(command -v busybox)" $root/bin/busybox
            for tool in sh httpd sleep date; do ln -sf busybox $root/bin/$tool; done
            echo 'the game is on' > $root/www/index.html
            tar -C $root -c . | docker --host \(host) import \
              -c 'CMD ["sh", "-c", "trap \\"exit 0\\" TERM; date > $GAME_STATE_PATH/started; httpd -p 8080 -h /www; sleep 2147483647 & wait"]' \
              -c 'LABEL com.galaxy.memory=64m com.galaxy.pids_limit=32' - \(Self.image)
            """
        try await Program.output(["sh", "-c", script])
    }

    private func removeLeftovers(_ host: String) async {
        let script = """
            docker --host \(host) ps --all --quiet --filter name=^/\(namePrefix) | xargs -r docker --host \(host) rm --force
            docker --host \(host) network rm \(network)
            docker --host \(host) rmi \(Self.image)
            """
        do {
            try await Program.output(["sh", "-c", script])
        } catch {
            logger.warning("the demo left containers on the Docker Engine", metadata: ["error": "\(error)"])
        }
    }

    private func withWorkers(_ host: String, _ body: () async throws -> Void) async throws {
        let environment = [
            "DOCKER_HOST": host, "RTM_REDIS_URL": redisURL, "RTM_REDIS_PASSWORD_FILE": "",
            "RTM_NAMESPACE": Self.namespace, "RTM_NETWORK": network,
            "RTM_NAME_PREFIX": namePrefix, "RTM_STATE_ROOT": "\(directory)/games", "RTM_HTTP": "",
        ]
        let words = [try Program.ownPath(), "worker"]
        try await Program.with(words, environment: environment, log: "\(directory)/worker-1.log") {
            try await Program.with(words, environment: environment, log: "\(directory)/worker-2.log") {
                for number in 1...2 {
                    try await awaitReadiness("worker \(number)", log: "\(directory)/worker-\(number).log") {
                        log(of: "worker-\(number).log").contains("worker is ready")
                    }
                }
                printer.prop("Workers", "2, logs in \(directory)")
                try await body()
            }
        }
    }
}
