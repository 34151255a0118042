import Primitives
import Testing

@testable import DockerPort

@Suite("An image reference")
struct ImageReferenceTests {
    private static let digest = "sha256:" + String(repeating: "0f", count: 32)

    @Test(
        "has repository, tag and digest",
        arguments: [
            ("engine", "engine", "latest", nil), ("engine:1.2", "engine", "1.2", nil),
            ("team/engine:1", "team/engine", "1", nil), ("a-b_c.d__e--f/x", "a-b_c.d__e--f/x", "latest", nil),
            ("localhost/engine", "localhost/engine", "latest", nil),
            ("registry.example:5000/team/engine", "registry.example:5000/team/engine", "latest", nil),
            ("registry.example:5000/team/engine:V_1.2-x", "registry.example:5000/team/engine", "V_1.2-x", nil),
            ("Registry.Example/engine", "Registry.Example/engine", "latest", nil),
            ("engine@" + digest, "engine", nil, digest),
            ("r.example/engine:1@" + digest, "r.example/engine", "1", digest),
        ] as [(String, String, String?, String?)]
    )
    func reads(text: String, repository: String, tag: String?, digest: String?) throws {
        let reference = try #require(ImageReference(text))
        #expect(reference.repository == repository)
        #expect(reference.tag == tag)
        #expect(reference.digest == digest)
        #expect(ImageReference(reference.description) == reference)
    }

    @Test(
        "is nothing else",
        arguments: [
            "", ":", "@", "/", "UPPER", "a b", "a/", "/a", "a//b", "a:", "a:b:c", "-a", "a-", "a._b", "a___b", "a..b",
            "engine:" + String(repeating: "x", count: 129), "engine:.x", "engine:-x", "engine@sha256:00",
            "engine@md5:1",
            "engine@sha256:" + String(repeating: "G", count: 64), "sha256:" + String(repeating: "a", count: 64),
            "sha256:abc", String(repeating: "a", count: 64), "registry.example:0/x", "registry.example:x/y",
            "registry.example:99999/x", "registry.example:+5/x", "-r.example/x", "r..example/x", "a\u{301}", "ä",
            "a\n", "../x", "https://r.example/x", String(repeating: "a/", count: 200) + "a",
        ]
    )
    func refuses(text: String) {
        #expect(ImageReference(text) == nil)
    }
}

@Suite("Docker's names")
struct DockerNamesTests {
    @Test("tell ids, names and what could be the beginning of an id")
    func containers() {
        let id = String(repeating: "0a", count: 32)
        #expect(DockerNames.isContainerID(id))
        #expect(!DockerNames.isContainerID(id.uppercased()))
        #expect(!DockerNames.isContainerID(String(id.dropLast())))
        #expect(DockerNames.isContainerName("galaxy-game-g1"))
        for name in [
            "", "a", "-a", "a b", "a/b", "../x", "a%2f", "ä1", "a\u{301}b", String(repeating: "a", count: 256),
        ] {
            #expect(!DockerNames.isContainerName(name))
        }
        #expect(DockerNames.looksLikeIDPrefix("abc"))
        #expect(!DockerNames.looksLikeIDPrefix("galaxy-game-g1"))
        #expect(!DockerNames.looksLikeIDPrefix(id))
    }

    @Test("are user-defined networks or none")
    func networks() {
        #expect(DockerNames.isNetwork("galaxy-net"))
        #expect(DockerNames.isNetwork("hosts"))
        for name in ["host", "none", "bridge", "default", "container:x", "", "x", "a b", "a/b"] {
            #expect(!DockerNames.isNetwork(name))
        }
    }

    @Test("are signals")
    func signals() {
        for name in ["SIGKILL", "TERM", "9", "SIGRTMIN+3"] { #expect(DockerNames.isSignal(name)) }
        for name in ["", "sigkill", "SIG KILL", "9&x", String(repeating: "A", count: 17)] {
            #expect(!DockerNames.isSignal(name))
        }
    }
}

@Suite("What the port throws")
struct DockerErrorTests {
    @Test("has a message that is bounded and controls nothing")
    func message() {
        let error = DockerError(
            .engineError,
            operation: "run",
            message: "a\n\u{1b}[31m\u{202e}b\0" + String(repeating: "x", count: 2_000)
        )
        #expect(error.message.hasPrefix("a  [31m b x"))
        #expect(error.message.count == 1_024)
        #expect(DockerError(.timeout, operation: "stop", message: "late").description == "docker stop: late (timeout)")
    }
}

@Suite("The events of a subscription")
struct DockerEventsTests {
    private let event = DockerEvent(action: "start", containerID: "x", occurredAt: Timestamp(seconds: 1))

    private func ending(_ end: (AsyncThrowingStream<DockerEvent, any Error>.Continuation) -> Void) async -> (
        [DockerEvent], DockerError?
    ) {
        let (stream, continuation) = AsyncThrowingStream<DockerEvent, any Error>.makeStream()
        continuation.yield(event)
        end(continuation)
        var seen: [DockerEvent] = []
        do throws(DockerError) {
            for try await event in DockerEvents(stream) { seen.append(event) }
            return (seen, nil)
        } catch {
            return (seen, error)
        }
    }

    @Test("end by throwing what ended them")
    func thrown() async {
        let error = DockerError(.unavailable, operation: "eventsListen", message: "gone")
        let (seen, thrown) = await ending { $0.finish(throwing: error) }
        #expect(seen == [event])
        #expect(thrown == error)
    }

    @Test("end by throwing also where the stream ended quietly or by something else")
    func quiet() async {
        #expect(await ending { $0.finish() }.1?.code == .unavailable)
        #expect(await ending { $0.finish(throwing: CancellationError()) }.1?.code == .engineError)
    }
}
