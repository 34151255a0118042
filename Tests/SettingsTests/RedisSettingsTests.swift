import Foundation
import Redis
import Terminal
import Testing

@testable import Settings

@Suite("The settings of Redis")
struct RedisSettingsTests {
    private func configuration(_ change: (inout Settings) -> Void) throws -> RedisConfiguration {
        var settings = Settings(cores: 1)
        change(&settings)
        return try settings.redisConfiguration()
    }

    private func problem(_ change: (inout Settings) -> Void) -> String? {
        do {
            _ = try configuration(change)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("name the key whose node of a cluster has all others")
    func homeKey() throws {
        #expect(try configuration { $0.namespace = "games" }.homeKey == "{games}:meta")
    }

    @Test("with sentinels have a login of the sentinels, apart from the master's")
    func sentinelLogin() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "rtm-\(UUID().uuidString)").path
        try "secret\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let configuration = try configuration {
            $0.redisURL = "redis+sentinel://ann:pw@s1/games"
            ($0.redisSentinelUser, $0.redisSentinelPasswordFile) = ("watcher", path)
        }
        guard case .sentinels(let group) = configuration.server else {
            Issue.record("\(configuration)")
            return
        }
        #expect(group.username == "watcher" && group.password == "secret")
        #expect(configuration.username == "ann" && configuration.password == "pw")
    }

    @Test("with TLS have authorities, a certificate and its key")
    func encryption() throws {
        let configuration = try configuration {
            $0.redisURL = "rediss://h"
            ($0.redisCAFile, $0.redisCertFile, $0.redisKeyFile) = ("/ca", "/cert", "/key")
        }
        #expect(configuration.tlsCACertificateFile == "/ca")
        #expect(configuration.tlsCertificateFile == "/cert" && configuration.tlsKeyFile == "/key")
    }

    @Test("that contradict each other are refused with a sentence")
    func contradictions() {
        let plain = problem { $0.redisCAFile = "/ca" }
        #expect(plain?.contains("RTM_REDIS_CA_FILE: RTM_REDIS_URL uses no TLS") == true, "\(plain ?? "")")
        let half = problem { ($0.redisURL, $0.redisCertFile) = ("rediss://h", "/cert") }
        #expect(half?.contains("give both, or none") == true, "\(half ?? "")")
        let single = problem { $0.redisSentinelPasswordFile = "/file" }
        #expect(single?.contains("names no sentinels") == true, "\(single ?? "")")
        let user = problem { ($0.redisURL, $0.redisSentinelUser) = ("redis+sentinel://s/games", "ann") }
        #expect(user?.contains("RTM_REDIS_SENTINEL_PASSWORD_FILE is missing") == true, "\(user ?? "")")
    }
}
