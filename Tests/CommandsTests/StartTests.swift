import DockerPort
import Foundation
import Redis
import Support
import Testing

@testable import AdminServer
@testable import Commands

@Suite("The start of a worker without Redis or Docker")
struct StartPatienceTests {
    @Test("pauses grow up to a bound; the log has a line at once, then at most one a minute")
    func steps() {
        var patience = StartPatience()
        let start = ContinuousClock.now
        var now = start
        var told: [Duration] = []
        var pauses: [Duration] = []
        while start.duration(to: now) < .seconds(300) {
            let step = patience.missed(now: now, random: 1)
            if step.isTold { told.append(start.duration(to: now)) }
            pauses.append(step.pause)
            now = now.advanced(by: step.pause)
        }
        #expect(
            pauses.prefix(6) == [
                .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(5),
            ]
        )
        #expect(pauses.dropFirst(6).allSatisfy { $0 == .seconds(5) })
        #expect(told.first == .zero && (4...5).contains(told.count))
        #expect(zip(told, told.dropFirst()).allSatisfy { $1 - $0 >= .seconds(60) })
        #expect(patience.missed(now: now, random: 0).pause == .milliseconds(2_500))
    }

    @Test("a worker that has not started is not ready, and names what is missing")
    func needs() {
        #expect(StartNeeds().isMet)
        let needs = StartNeeds(redis: "refused", docker: "no socket")
        #expect(needs.sentence == "Redis: refused; Docker: no socket" && !needs.isMet)
        #expect(!WorkerStage.readiness(nil).isReady && !WorkerStage.readiness(StartNeeds()).isReady)
        let text = WorkerStage.readiness(StartNeeds(docker: "no socket")).text
        #expect(text.contains("ok redis: it answers") && text.contains("failing docker: no socket"))
    }

    @Test(
        "the worker waits for a Docker Engine that starts, not for one that is too old or refuses access",
        arguments: [
            (DockerError(.unavailable, operation: "info", message: "connection refused"), true),
            (DockerError(.unavailable, operation: "info", message: "s: permission denied; is this user"), false),
            (DockerError(.timeout, operation: "info", message: "too slow"), true),
            (DockerError(.engineError, operation: "info", message: "starting", status: 503), true),
            (DockerError(.engineError, operation: "info", message: "the Engine speaks API 1.24 at most"), false),
            (DockerError(.engineError, operation: "info", message: "forbidden", status: 403), false),
            (DockerError(.invalidAnswer, operation: "info", message: "no JSON"), false),
        ]
    )
    func engines(error: DockerError, mayHeal: Bool) { #expect(Away(error).mayHeal == mayHeal) }

    @Test(
        "only a refusal is permanent",
        arguments: [
            (RedisError.server(RedisServerError(code: "NOPERM", message: "no permissions")), true),
            (.server(RedisServerError(code: "NOAUTH", message: "Authentication required.")), true),
            (.server(RedisServerError(code: "LOADING", message: "Redis is loading")), false),
            (.connection(reason: "cannot use redis://h:1/0: AUTH refused: WRONGPASS x", mayHaveHappened: false), true),
            (.connection(reason: "cannot use redis://h:1/0: PING refused: NOAUTH x", mayHaveHappened: false), true),
            (.connection(reason: "permission to the socket is denied", mayHaveHappened: false), true),
            (.connection(reason: "AUTH refused: ERR max number of clients reached", mayHaveHappened: false), false),
            (.connection(reason: "PING refused: LOADING Redis is loading", mayHaveHappened: false), false),
            (.connection(reason: "connection refused: no server listens there", mayHaveHappened: false), false),
            (.timeout(command: "PING", mayHaveHappened: true), false),
        ] as [(RedisError, Bool)]
    )
    func refusals(error: RedisError, isRefusal: Bool) { #expect(error.isRefusal == isRefusal) }
}

@Suite("A worker that starts while Redis and Docker are away", .timeLimit(.minutes(1)))
struct StartTests {
    private static let nowhere = ["DOCKER_HOST": "unix:///no/such.sock", "RTM_REDIS_URL": "redis://127.0.0.1:1"]

    private func worker(
        _ settings: [String: String],
        _ arguments: [String] = [],
        _ body: (ChildProcess) async throws -> Void
    ) async throws {
        let directory = try temporaryDirectory("start")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let process = try await ChildProcess.start(
            [try Program.path, "worker"] + arguments,
            environment: Self.nowhere.merging(["RTM_HTTP": ""]) { $1 }.merging(settings) { $1 },
            logPath: directory + "/log"
        )
        do {
            try await body(process)
        } catch {
            await process.end()
            throw Overdue("\(error)\n\(process.log)")
        }
        await process.end()
    }

    private func get(_ path: String, _ port: Int) async throws -> String {
        try await Tool.run(["curl", "-s", "-m", "5", "-w", " %{http_code}", "http://127.0.0.1:\(port)\(path)"])
    }

    @Test("logs this once, keeps running, is not ready, and ends at once on SIGTERM")
    func waits() async throws {
        let port = try FreePort.find()
        try await worker(["RTM_HTTP": "127.0.0.1:\(port)"]) { process in
            try await eventually("a word in the log", until: { $0.contains("the worker waits for Redis or Docker") }) {
                process.log
            }
            #expect(process.log.contains("Redis: Redis connection") && process.log.contains("Docker: "))
            try await eventually(
                "both reasons",
                until: {
                    $0.hasSuffix("503") && $0.contains("failing redis: Redis connection: cannot connect")
                        && $0.contains("failing docker: ")
                }
            ) {
                try await get("/readyz", port)
            }
            #expect(try await get("/healthz", port) == "ok\n 200")
            #expect(try await get("/metrics", port).contains("rtm_docker_up 0"))
            #expect(try await get("/", port).contains("waits for Redis or Docker"))
            #expect(process.log.matches(of: #/the worker waits for Redis or Docker/#).count == 1)
            process.signal(SIGTERM)
            #expect(await process.waitForExit(atMost: .seconds(3)) == 0, "\(process.log)")
        }
    }

    @Test("exits with 3 if the settings forbid to wait", arguments: [["--no-wait"], []])
    func noWait(arguments: [String]) async throws {
        try await worker(arguments.isEmpty ? ["RTM_NO_WAIT": "true"] : [:], arguments) { process in
            #expect(await process.waitForExit() == 3, "\(process.log)")
        }
    }

    @Test("exits on wrong settings, a wrong password and a Redis that evicts keys, with and without Docker")
    func lasting() async throws {
        try await worker(["RTM_SLOTS": "x"]) { #expect(await $0.waitForExit() == 2) }
        let redis = try await PrivateRedis.start(requirePassword: "right")
        let wrong = redis.url.replacingOccurrences(of: "right", with: "wrong")
        try await worker(["RTM_REDIS_URL": wrong]) { process in
            #expect(await process.waitForExit() == 3 && process.log.contains("WRONGPASS"), "\(process.log)")
        }
        try await worker(["RTM_REDIS_URL": "redis://127.0.0.1:\(redis.port)"]) { process in
            #expect(await process.waitForExit() == 3 && process.log.contains("NOAUTH"), "\(process.log)")
        }
        await redis.stop()
        try await PrivateRedis.with(extraArguments: ["--maxmemory-policy", "allkeys-lru"]) { redis in
            try await worker(["RTM_REDIS_URL": redis.url]) { process in
                #expect(await process.waitForExit() == 1 && process.log.contains("noeviction"), "\(process.log)")
            }
        }
    }
}
