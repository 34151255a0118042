import DockerPort
import Logging
import NIOCore
import Primitives
import Support
import Testing

@testable import DockerEngine

@Suite("A subscription to Docker's events")
struct EventStreamTests {
    private static func line(_ number: Int, action: String = "start") -> String {
        #"{"Type":"container","Action":"\#(action)","Actor":{"ID":"x","Attributes":{"name":"n"}},"timeNano":\#(number)}"#
            + "\n"
    }

    private func read(_ events: DockerEvents) async -> ([Int64], DockerError?) {
        var seen: [Int64] = []
        do throws(DockerError) {
            for try await event in events { seen.append(event.occurredAt.nanosecondsSinceEpoch) }
            return (seen, nil)
        } catch {
            return (seen, error)
        }
    }

    @Test("requests lifecycle events of containers since a point in time")
    func request() async throws {
        try await StubEngine.with { _ in
            .stream([], then: .end)
        } _: { engine, stub in
            _ = try await engine.eventsListen(since: Timestamp(seconds: 5, nanoseconds: 7))
            _ = try await engine.eventsListen(since: nil)
            let targets = stub.requests.map(\.target)
            let filters =
                "filters=%7B%22event%22%3A%5B%22create%22%2C%22start%22%2C%22die%22%2C%22oom%22%2C%22kill%22%2C%22stop%22"
                + "%2C%22destroy%22%2C%22pause%22%2C%22unpause%22%2C%22rename%22%2C%22health_status%22%2C%22remove%22%2C%22died%22%5D%2C%22type%22"
                + "%3A%5B%22container%22%5D%7D"
            #expect(targets == ["/v1.41/events?\(filters)&since=5.000000007", "/v1.41/events?\(filters)"])
        }
    }

    @Test("delivers events in order, and throws at the end of the connection")
    func order() async throws {
        let chunks = [
            Self.line(1) + Self.line(2), "\n", String(Self.line(3).prefix(20)), String(Self.line(3).dropFirst(20)),
        ]
        for ending in [StubEngine.Ending.end, .close] {
            try await StubEngine.with { _ in
                .stream(chunks, then: ending)
            } _: { engine, _ in
                let (seen, error) = await read(try await engine.eventsListen(since: nil))
                #expect(seen == [1, 2, 3])
                #expect(error?.code == .unavailable)
                #expect(error?.retryable == true)
                #expect(error?.mayHaveHappened == false)
            }
        }
    }

    @Test("skips lines that are no events, malformed or too long")
    func hostileLines() async throws {
        let long = #"{"Action":"\#(String(repeating: "x", count: 1 << 20))"}"# + "\n"
        let chunks = [Self.line(1), "garbage\n", "{}\n", Self.line(2, action: "exec_start: x"), long, Self.line(3)]
        try await StubEngine.with { _ in
            .stream(chunks, then: .end)
        } _: { engine, _ in
            let (seen, _) = await read(try await engine.eventsListen(since: nil))
            #expect(seen == [1, 3])
        }
    }

    @Test("does not wait for its reader, and fails if too many events wait")
    func overflow() async {
        let (chunks, source) = AsyncStream<ByteBuffer>.makeStream()
        for number in 1...50 { source.yield(ByteBuffer(string: Self.line(number))) }
        let (stream, continuation) = AsyncThrowingStream<DockerEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(10)
        )
        let reader = EventReader(continuation: continuation, capacity: 10, logger: Logger(label: "test"))
        // Nobody reads meanwhile, and the source never ends.
        await reader.read(chunks) { _ in DockerError(.unavailable, operation: "eventsListen", message: "") }
        let (seen, error) = await read(DockerEvents(stream))
        #expect(seen == (1...10).map { $0 })
        #expect(error?.code == .engineError)
        #expect(error?.retryable == true)
        #expect(error?.message.contains("more than 10 events") == true)
    }

    @Test("ends when its reader is cancelled, by throwing")
    func cancelled() async throws {
        try await StubEngine.with { _ in
            .stream([Self.line(1)], then: .silence)
        } _: { engine, _ in
            let events = try await engine.eventsListen(since: nil)
            let first = Tally()
            try await withThrowingTaskGroup(of: DockerError.Code?.self) { group in
                group.addTask {
                    await dockerFailure {
                        for try await _ in events { first.add() }
                    }?.code
                }
                try await eventually("an event", until: { $0 > 0 }) { first.count }
                group.cancelAll()
                let code = try await group.next() ?? nil
                #expect(code == .cancelled)
            }
        }
    }

    @Test("has a deadline for the first answer, and throws a refusal")
    func refused() async throws {
        var deadlines = DockerEngine.Deadlines()
        deadlines.eventsHead = .seconds(1)
        for (reply, code) in [
            (StubEngine.Reply.silence, DockerError.Code.timeout), (.close, .unavailable),
            (.answer(400, Samples.message("bad since")), .engineError),
        ] {
            try await StubEngine.with(settings: .init(deadlines: deadlines)) { _ in
                reply
            } _: { engine, _ in
                #expect(await dockerFailure { try await engine.eventsListen(since: nil) }?.code == code)
            }
        }
    }

    @Test("ends with the adapter")
    func shutdown() async throws {
        try await StubEngine.with { _ in
            .stream([Self.line(1)], then: .silence)
        } _: { engine, _ in
            let events = try await engine.eventsListen(since: nil)
            await engine.shutdown()
            let (_, error) = await read(events)
            #expect(error != nil)
        }
    }
}
