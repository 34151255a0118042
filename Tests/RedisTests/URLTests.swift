import Redis
import Testing

@Suite("Redis URL")
struct URLTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let url: String
        let server: RedisConfiguration.Server
        var usesTLS = false
        var username: String?
        var password: String?
        var database = 0
        let displayName: String

        var testDescription: String { url }
    }

    static let good = [
        Good(
            url: "redis://localhost",
            server: .at(.tcp(host: "localhost", port: 6_379)),
            displayName: "redis://localhost:6379/0"
        ),
        Good(
            url: "redis://10.0.0.1:7000/3",
            server: .at(.tcp(host: "10.0.0.1", port: 7_000)),
            database: 3,
            displayName: "redis://10.0.0.1:7000/3"
        ),
        Good(
            url: "REDIS://h/",
            server: .at(.tcp(host: "h", port: 6_379)),
            displayName: "redis://h:6379/0"
        ),
        Good(
            url: "redis://h?db=4",
            server: .at(.tcp(host: "h", port: 6_379)),
            database: 4,
            displayName: "redis://h:6379/4"
        ),
        Good(
            url: "rediss://ann:s3%2Fc%40r%3Aet@redis.example:6380/15",
            server: .at(.tcp(host: "redis.example", port: 6_380)),
            usesTLS: true,
            username: "ann",
            password: "s3/c@r:et",
            database: 15,
            displayName: "rediss://redis.example:6380/15"
        ),
        Good(
            url: "redis://:se:cr@et@h",
            server: .at(.tcp(host: "h", port: 6_379)),
            password: "se:cr@et",
            displayName: "redis://h:6379/0"
        ),
        Good(
            url: "redis://ann@h",
            server: .at(.tcp(host: "h", port: 6_379)),
            username: "ann",
            displayName: "redis://h:6379/0"
        ),
        Good(
            url: "redis://[::1]:6380",
            server: .at(.tcp(host: "::1", port: 6_380)),
            displayName: "redis://[::1]:6380/0"
        ),
        Good(
            url: "redis://[fe80::1]/2",
            server: .at(.tcp(host: "fe80::1", port: 6_379)),
            database: 2,
            displayName: "redis://[fe80::1]:6379/2"
        ),
        Good(
            url: "unix:///run/redis/redis.sock",
            server: .at(.unix(path: "/run/redis/redis.sock")),
            displayName: "unix:///run/redis/redis.sock?db=0"
        ),
        Good(
            url: "unix://ann:pw@/run/a%20b@c.sock?db=9",
            server: .at(.unix(path: "/run/a b@c.sock")),
            username: "ann",
            password: "pw",
            database: 9,
            displayName: "unix:///run/a b@c.sock?db=9"
        ),
        Good(
            url: "redis://a,b:7000,[::1]:7001/0",
            server: .cluster([
                .tcp(host: "a", port: 6_379), .tcp(host: "b", port: 7_000), .tcp(host: "::1", port: 7_001),
            ]),
            displayName: "redis://a:6379,b:7000,[::1]:7001/0"
        ),
        Good(
            url: "redis+sentinel://ann:pw@s1,s2:26380/my%20games/3",
            server: .sentinels(
                RedisSentinels(
                    addresses: [.tcp(host: "s1", port: 26_379), .tcp(host: "s2", port: 26_380)],
                    master: "my games"
                )
            ),
            username: "ann",
            password: "pw",
            database: 3,
            displayName: "redis+sentinel://s1:26379,s2:26380/my games/3"
        ),
        Good(
            url: "rediss+sentinel://s1/games",
            server: .sentinels(RedisSentinels(addresses: [.tcp(host: "s1", port: 26_379)], master: "games")),
            usesTLS: true,
            displayName: "rediss+sentinel://s1:26379/games/0"
        ),
    ]

    @Test("accepts every allowed form", arguments: good)
    func reads(_ good: Good) throws {
        let configuration = try RedisConfiguration(url: good.url)
        #expect(configuration.server == good.server)
        #expect(configuration.usesTLS == good.usesTLS)
        #expect(configuration.username == good.username)
        #expect(configuration.password == good.password)
        #expect(configuration.database == good.database)
        #expect(configuration.displayName == good.displayName)
    }

    @Test(
        "names the wrong part",
        arguments: [
            ("", "scheme"), ("localhost:6379", "scheme"), ("http://h", "scheme"), ("redis:/h", "scheme"),
            ("redis://", "host"), ("redis://:6379", "host"), ("redis:///1", "host"), ("redis://a b", "host"),
            ("redis://[::1", "host"), ("redis://[::1]x", "port"), ("redis://h:", "port"), ("redis://h:0", "port"),
            ("redis://h:65536", "port"), ("redis://h:+1", "port"), ("redis://h:abc", "port"),
            ("redis://::1", "host"), ("redis://h/x", "path"), ("redis://h/-1", "path"), ("redis://h/1/2", "path"),
            ("redis://h/99999999999", "path"), ("redis://h/1?db=2", "path"), ("redis://h?db=", "query"),
            ("redis://h?db=1&db=1", "query"), ("redis://h?timeout=3", "query"), ("redis://h#x", "fragment"),
            ("redis://:pa/ss@h", "user"), ("redis://:pa?ss@h", "user"), ("redis://:p%zz@h", "password"),
            ("redis://:p%@h", "password"), ("redis://:%ff@h", "password"), ("redis://%00:p@h", "user"),
            ("redis://a,b/1", "path"), ("redis://a,,b", "host"), ("redis+sentinel://s1", "path"),
            ("redis+sentinel:///games", "host"), ("redis+sentinel://s1/games/x", "path"),
            ("unix://", "path"), ("unix://run/redis.sock", "path"), ("unix:///", "path"),
            ("unix:///" + String(repeating: "x", count: 103), "path"),
        ]
    )
    func refuses(_ url: String, part: String) throws {
        let error = try #require(throws: RedisURLError.self) { try RedisConfiguration(url: url) }
        #expect(error.description.hasPrefix("Redis URL: \(part): "), "\(error)")
    }

    @Test(
        "never repeats a password",
        arguments: [
            "redis://:hunter2@h:bad", "redis://hunter2:hunter2", "hunter2", "hunter2://h", "redis://:hun/hunter2@h",
            "redis://u:hunter2%zz@h", "redis://u:p@h/hunter2", "redis://u:p@h?hunter2=1", "redis://u:hunter2#@h",
        ]
    )
    func keepsPasswords(_ url: String) throws {
        let error = try #require(throws: RedisURLError.self) { try RedisConfiguration(url: url) }
        #expect(!error.description.contains("hunter2"), "\(error)")
    }

    @Test("prints a configuration without user and password")
    func printing() throws {
        let configuration = try RedisConfiguration(url: "redis://ann:hunter2@h")
        #expect("\(configuration)" == "redis://h:6379/0")
        #expect(String(reflecting: configuration) == "redis://h:6379/0")
        #expect(!"\([configuration])".contains("hunter2"))
    }
}
