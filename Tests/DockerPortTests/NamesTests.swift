import Primitives
import Testing

@testable import DockerPort

@Suite("Names in the Docker API")
struct DockerNamesTests {
    @Test("an id, a name and a possible prefix of an id are distinguished")
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

    @Test("a network is user-defined or none")
    func networks() {
        #expect(DockerNames.isNetwork("galaxy-net"))
        #expect(DockerNames.isNetwork("hosts"))
        for name in ["host", "none", "bridge", "default", "container:x", "", "x", "a b", "a/b"] {
            #expect(!DockerNames.isNetwork(name))
        }
    }

    @Test("a signal has a known name")
    func signals() {
        for name in ["SIGKILL", "TERM", "9", "SIGRTMIN+3"] { #expect(DockerNames.isSignal(name)) }
        for name in ["", "sigkill", "SIG KILL", "9&x", String(repeating: "A", count: 17)] {
            #expect(!DockerNames.isSignal(name))
        }
    }
}

@Suite("Errors of the Docker port")
struct DockerErrorTests {
    @Test("have a bounded message without control characters")
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

@Suite("The event sequence of a subscription")
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

    @Test("throws the error that ended the subscription")
    func thrown() async {
        let error = DockerError(.unavailable, operation: "eventsListen", message: "gone")
        let (seen, thrown) = await ending { $0.finish(throwing: error) }
        #expect(seen == [event])
        #expect(thrown == error)
    }

    @Test("throws also if the stream ended without an error or with another one")
    func quiet() async {
        #expect(await ending { $0.finish() }.1?.code == .unavailable)
        #expect(await ending { $0.finish(throwing: CancellationError()) }.1?.code == .engineError)
    }
}
