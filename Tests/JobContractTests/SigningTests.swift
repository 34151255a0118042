import Primitives
import Testing

@testable import JobContract

@Suite("Signed jobs")
struct SigningTests {
    private static let text = #"{"v":1,"id":"s1","kind":"stop","game_id":"g","enqueued_at":"2026-01-01T00:00:00Z"}"#

    private func keys(_ lines: String...) throws -> SigningKeys {
        try SigningKeys(lines: Array(lines.joined(separator: "\n").utf8))
    }

    private func signer(_ lines: String = "k1:0123456789abcdef", namespace: String = "rtm") throws -> JobSigner {
        JobSigner(try keys(lines), namespace: namespace)
    }

    private func rejection(_ message: String, _ signer: JobSigner?) -> Rejection? {
        guard case .rejected(let rejection) = JobDecoder(signer: signer).decode(Array(message.utf8)) else { return nil }
        return rejection
    }

    @Test("have a signature over version, namespace and job")
    func bytes() throws {
        let mac = Digest.sha256.authenticationCode(
            of: Array("rtm2\nrtm\n\(Self.text)".utf8),
            secret: Secret("0123456789abcdef".utf8)
        )
        let envelope = try signer().sign(Self.text)
        let job = JSONText.string(Self.text)
        #expect(envelope == #"{"v":2,"key":"k1","job":\#(job),"signature":"\#(Hex.string(mac))"}"#)
        guard case .job(let job) = JobDecoder(signer: try signer()).decode(Array(envelope.utf8)) else {
            Issue.record("it is not taken")
            return
        }
        #expect(job.id == "s1" && job.enqueuedAt == "2026-01-01T00:00:00Z")
    }

    @Test("are accepted with every key of the fleet, so a key can be changed while jobs wait")
    func rotation() throws {
        let old = try signer("k1:0123456789abcdef").sign(Self.text)
        let both = try signer("k2:fedcba9876543210\nk1:0123456789abcdef")
        #expect(rejection(old, both) == nil)
        #expect(rejection(both.sign(Self.text), both) == nil)
        #expect(both.sign(Self.text).contains(#""key":"k2""#))
        #expect(rejection(old, try signer("k2:fedcba9876543210"))?.error.contains("the key k1 is none") == true)
    }

    @Test("fail with bad_signature if forged, of version 1, or of another namespace or use; no id is used up")
    func forged() throws {
        let signer = try signer()
        let good = signer.sign(Self.text)
        let start = #"{"v":1,"id":"s","kind":"start","game_id":"g","image":"i:1"}"#
        let forged = [
            good.replacing("s1", with: "s2"), good.replacing(#"{"v":2"#, with: #"{"v":1"#),
            good.replacing(#"{"v":2"#, with: #"{"v":3"#), good.replacing(#""key":"k1","#, with: ""),
            good.replacing("k1", with: "k9"), String(good.dropLast(3)) + #"g"}"#, Self.text, #"{"v":2}"#,
            try self.signer(namespace: "other").sign(Self.text),
            try self.signer("k1:another secret!!!").sign(Self.text),
            signer.envelope(of: start, for: .startRecord(gameID: "g")),
        ]
        for message in forged {
            let rejection = rejection(message, signer)
            #expect(rejection?.code == .badSignature, "\(message)")
            #expect(rejection?.id.text.hasPrefix("invalid:") == true)
        }
    }

    @Test("say when they were signed")
    func time() throws {
        let text = #"{"v":1,"id":"s1","kind":"stop","game_id":"g"}"#
        let rejection = rejection(try signer().sign(text), try signer())
        #expect(rejection?.code == .invalidJob && rejection?.id == "s1")
        #expect(rejection?.error.hasPrefix("enqueued_at: ") == true)
    }

    @Test("fail with bad_signature under their own id at a worker without keys")
    func withoutKey() throws {
        let rejection = rejection(try signer().sign(Self.text), nil)
        #expect(rejection?.code == .badSignature && rejection?.id == "s1" && rejection?.gameID == "g")
        #expect(rejection?.kind == .stop)
        #expect(rejection?.error == "the message is signed; this worker has no key (RTM_SIGNING_KEY_FILE)")
    }

    @Test("let a restart take over a start only if a key signed that start for the game")
    func startRecords() throws {
        let decoder = JobDecoder(signer: try signer())
        let start = Job(id: "s", kind: .start, gameID: "g", image: ImageReference("i:1"))
        let record = try #require(decoder.startRecord(of: start))
        #expect(try decoder.lastStart(Array(record.utf8), of: "g").image == start.image)
        let plain = try #require(JobDecoder().startRecord(of: start))
        #expect(try JobDecoder().lastStart(Array(plain.utf8), of: "g").image == start.image)
        #expect(try JobDecoder().lastStart(Array(record.utf8), of: "g").image == start.image)
        let others = [
            plain, try signer().sign(plain), record.replacing("i:1", with: "j:1"),
            try #require(JobDecoder(signer: try signer(namespace: "x")).startRecord(of: start)), "garbage",
        ]
        for other in others {
            let rejection = #expect(throws: Rejection.self) { try decoder.lastStart(Array(other.utf8), of: "g") }
            #expect(rejection?.code == .badSignature)
        }
        let moved = #expect(throws: Rejection.self) { try decoder.lastStart(Array(record.utf8), of: "h") }
        #expect(moved?.code == .badSignature)
        let unreadable = #expect(throws: Rejection.self) { try JobDecoder().lastStart(Array("{}".utf8), of: "g") }
        #expect(unreadable?.code == .internal)
    }

    @Test("read keys from a file of lines NAME:SECRET, comments and empty lines")
    func files() throws {
        let read = try keys("# keys", "", "k1:0123456789abcdef\r", "k2:a:b:c:d:e:f:g:h:i")
        #expect(read.first.name == "k1")
        let same = JobSigner(try keys("k1:0123456789abcdef"), namespace: "n").sign("x")
        #expect(JobSigner(read, namespace: "n").sign("x") == same)
        for (lines, part) in [
            ("", "there is no key"), ("k1", "line 1: must be NAME:SECRET"), ("k 1:0123456789abcdef", "line 1"),
            ("k1:0123456789abcde", "line 1: the secret must have 16 bytes"), (":0123456789abcdef", "line 1"),
            ("k:0123456789abcdef\nk:0123456789abcdef", "line 2: the name k is there twice"),
        ] {
            let problem = #expect(throws: SigningKeys.Problem.self) { try keys(lines) }
            #expect(problem?.description.contains(part) == true, "\(lines)")
            #expect(problem?.description.contains("0123456789") == false)
        }
    }
}
