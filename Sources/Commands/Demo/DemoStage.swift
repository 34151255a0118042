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

/// The stage of the demo: a private Redis, a Docker Engine with the demo's own image and network, and two workers. The
/// first worker serves the console.
///
/// At the end, even after a failure, the demo removes everything.
struct DemoStage: Sendable {
    /// The directory for sockets, logs and state folders. The demo removes the directory at the end.
    let directory: String
    /// The part of every name that keeps two demos apart.
    let tag: String
    let printer: DemoPrinter
    let logger: Logger
    /// The Docker Engine, as `DOCKER_HOST` names it.
    private(set) var dockerHost = ""
    /// The port of the console.
    private(set) var consolePort: UInt16 = 0

    /// Two demos on one Docker Engine must not take each other's containers for their own.
    var namespace: String { "demo-\(tag)" }
    var image: String { "rtmanager-demo/engine:\(tag)" }
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
        var stage = DemoStage(directory: directory, tag: tag, printer: printer, logger: logger)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await stage.withRedis {
            try await stage.withEngine { host in
                stage.dockerHost = host
                try await stage.withImageAndNetwork {
                    try await stage.withConsole { port in
                        stage.consolePort = port
                        try await stage.withWorker { try await body(stage) }
                    }
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

    private func withImageAndNetwork(_ body: () async throws -> Void) async throws {
        let outcome: Result<Void, any Error>
        do {
            try await makeImage()
            try await Program.output(["docker", "--host", dockerHost, "network", "create", network])
            printer.prop("Image", "\(image), made of busybox on this machine")
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        await withCancellationShield { await removeLeftovers() }
        try outcome.get()
    }

    /// Creates the image of a tiny game engine. The process answers HTTP on its port, keeps state and ends on SIGTERM.
    private func makeImage() async throws {
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
            tar -C $root -c . | docker --host \(dockerHost) import \
              -c 'CMD ["sh", "-c", "trap \\"exit 0\\" TERM; date > $GAME_STATE_PATH/started; httpd -p 8080 -h /www; sleep 2147483647 & wait"]' \
              -c 'LABEL com.galaxy.memory=64m com.galaxy.pids_limit=32' - \(image)
            """
        try await Program.output(["sh", "-c", script])
    }

    private func removeLeftovers() async {
        let script = """
            export DOCKER_HOST=\(dockerHost)
            status=0
            docker ps --all --quiet --filter name=^/\(namePrefix) | xargs -r docker rm --force || status=1
            for network in $(docker network ls --quiet --filter name=^\(network)$); do
              docker network rm $network || status=1
            done
            for image in $(docker images --quiet \(image)); do docker rmi \(image) || status=1; done
            exit $status
            """
        do {
            try await Program.output(["sh", "-c", script])
        } catch {
            logger.warning("the demo left containers on the Docker Engine", metadata: ["error": "\(error)"])
        }
    }

    /// Runs `body` with the first worker, which serves the console.
    private func withConsole(_ body: (_ port: UInt16) async throws -> Void) async throws {
        // The default of RTM_HTTP comes first. Another program may take a free port before the worker does.
        for port in UInt16(8081)...8180 where FreePort.isFree(port) {
            let console = ["RTM_HTTP": "127.0.0.1:\(port)", "RTM_HTTP_ACTIONS": "on"]
            let name = "worker-1-\(port).log"
            let words = [try Program.ownPath(), "worker"]
            let settings = environment.merging(console) { $1 }
            let isDone = try await Program.with(words, environment: settings, log: "\(directory)/\(name)") {
                try await awaitReadiness("worker 1", log: "\(directory)/\(name)") {
                    let text = log(of: name)
                    return text.contains("the address cannot be used")
                        || text.contains("worker is ready") && text.contains("the console is ready")
                }
                guard log(of: name).contains("the console is ready") else { return false }
                try await body(port)
                return true
            }
            if isDone { return }
        }
        throw CommandError.failed("the demo needs a free port from 8081 to 8180 for its console")
    }

    /// Runs `body` with the second worker.
    private func withWorker(_ body: () async throws -> Void) async throws {
        let path = "\(directory)/worker-2.log"
        try await Program.with([try Program.ownPath(), "worker"], environment: environment, log: path) {
            try await awaitReadiness("worker 2", log: path) { log(of: "worker-2.log").contains("worker is ready") }
            printer.prop("Workers", "2, logs in \(directory)")
            try await body()
        }
    }

    /// The settings of the workers. Settings of this process are not for the demo.
    private var environment: [String: String?] {
        let names = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("RTM_") }
        let unset = Dictionary(uniqueKeysWithValues: names.map { ($0, String?.none) })
        let own: [String: String?] = [
            "DOCKER_HOST": dockerHost, "RTM_REDIS_URL": redisURL, "RTM_NAMESPACE": namespace,
            "RTM_NETWORK": network, "RTM_NAME_PREFIX": namePrefix, "RTM_STATE_ROOT": "\(directory)/games",
            "RTM_HTTP": "",
            // A demo that stays for days must not fill the memory.
            "RTM_RETENTION_SECONDS": "3600", "RTM_RETENTION_ENTRIES": "10000",
        ]
        return unset.merging(own) { $1 }
    }
}
