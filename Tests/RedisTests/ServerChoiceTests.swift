import Primitives
import Testing

@testable import Redis

@Suite("The way to the server")
struct ServerChoiceTests {
    static let (a, b, c) = (address(1), address(2), address(3))

    static func address(_ number: Int) -> RedisConfiguration.Endpoint { .tcp(host: "h\(number)", port: number) }

    @Test("tries all addresses in turn, and begins with the last that answered")
    func turns() {
        var choice = ServerChoice([Self.a, Self.b, Self.c])
        var tried: [RedisConfiguration.Endpoint] = []
        for _ in 0..<4 {
            tried.append(choice.next)
            choice.failed(choice.next)
        }
        #expect(tried == [Self.a, Self.b, Self.c, Self.a])
        choice.answered(Self.c)
        #expect(choice.candidates.first == Self.c)
        #expect(Set(choice.candidates.map(\.description)) == ["h1:1", "h2:2", "h3:3"])
    }

    @Test("goes to the named node, and after its end to the known ones")
    func named() {
        var choice = ServerChoice([Self.a, Self.b])
        choice.redirected(to: Self.c)
        #expect(choice.next == Self.c)
        choice.failed(Self.c)
        #expect(choice.next == Self.a && choice.home == nil)
    }

    @Test(
        "reads the node of a redirection",
        arguments: [
            ("MOVED 3999 10.0.0.1:6381", "10.0.0.1:6381"), ("MOVED 3999 :6381", "h1:6381"),
            ("MOVED 1 2001:db8::1:6381", "[2001:db8::1]:6381"), ("MOVED 3999", nil), ("ASK 3999 10.0.0.1:6381", nil),
            ("MOVED 3999 host:x", nil),
        ]
    )
    func redirection(_ line: String, _ target: String?) {
        #expect(RedisServerError(line: line).redirection(from: Self.address(1))?.description == target)
    }

    @Test(
        "reads the announced master of its own name only",
        arguments: [
            ("games 10.0.0.1 6379 10.0.0.2 6380", "10.0.0.2:6380"), ("other 10.0.0.1 6379 10.0.0.2 6380", nil),
            ("games 10.0.0.1 6379", nil), ("games a 1 b x", nil),
        ]
    )
    func announcement(_ text: String, _ master: String?) {
        #expect(Sentinel.master(in: text, named: "games")?.description == master)
    }

    @Test("says what is wrong with a certificate")
    func certificate() {
        let certificate = ServerCertificate(names: ["redis.example", "10.0.0.1"], validity: 1_000...2_000)
        let server = RedisConfiguration.Endpoint.tcp(host: "other", port: 1)
        func sentence(_ failure: String, at seconds: Int64) -> String {
            CertificateProblem(failure, certificate, server, now: .init(seconds: seconds)).sentence
        }
        #expect(sentence(CertificateProblem.untrusted, at: 2_001).hasSuffix("expired at 1970-01-01T00:33:20Z"))
        #expect(sentence(CertificateProblem.untrusted, at: 999).contains("valid from 1970-01-01T00:16:40Z"))
        #expect(sentence(CertificateProblem.untrusted, at: 1_500).contains("no trusted authority"))
        let names = sentence(CertificateProblem.otherName, at: 1_500)
        #expect(names == "TLS: the server's certificate is for redis.example, 10.0.0.1, not for other")
    }
}
