import JobContract
import Redis
import Support
import Testing

@testable import Runtime

/// A failover of Redis may forget a claim, and with the claim that the node owns the game.
@Suite("A claim that Redis has forgotten", .timeLimit(.minutes(2)))
struct ForgottenClaimTests {
    @Test("leaves the game to the node that runs it: the worker announces its games again")
    func announced() async throws {
        try await PrivateRedis.with(extraArguments: ["--enable-debug-command", "yes"]) { redis in
            try await RedisClient.withClient(try RedisConfiguration(url: redis.unixURL), logger: .silent) { client in
                // With this lease nothing else makes the worker announce its games within the test.
                let world = try await WorkerWorld.on(client, redis, lease: .seconds(60))
                try await world.withWorker { _ in
                    try await world.push(.stop, "t1")
                    _ = try await world.result("t1")
                    _ = try await client.send(RedisCommand("SAVE"))
                    await world.docker.delay(.run, by: .seconds(5))
                    try await world.push(.start, "s1")
                    try await eventually("the claim", until: { $0 == "running" }) { try await world.state("s1") }
                    // Everything since is as never written.
                    _ = try await client.send(RedisCommand("DEBUG", "RELOAD", "NOSAVE"))
                    #expect(try await world.state("s1") == nil)
                    let owner = RedisCommand("HGET", .string(world.keys.prefix + "owners"), "g1")
                    #expect(try await client.send(owner).string == nil)
                    try await eventually("the game's owner", until: { $0 == "n1" }) {
                        try await client.send(owner).string
                    }
                    #expect(try await world.holdsRoom("g1"))
                }
            }
        }
    }
}
