import DockerPort
import JobContract
import Primitives
import RuntimeCore
import Support
import Testing

@testable import Runtime

@Suite("The queues between the tasks of the listener")
struct LifecycleQueueTests {
    private func event(_ id: ContainerID) -> DockerEvent {
        DockerEvent(
            action: "die",
            containerID: id,
            labels: [GalaxyLabel.gameID: id.text],
            occurredAt: Timestamp(seconds: 1)
        )
    }

    private func observation(_ id: ContainerID) -> Observation {
        Observation(containerID: id, container: nil, hints: [event(id)], seenAt: Timestamp(seconds: 1))
    }

    @Test("an event wakes the inspector, and an event without space requests a reconcile")
    func events() async throws {
        let queue = InspectQueue(mostEvents: 1)
        async let requests = queue.next()
        queue.add(event("a"))
        #expect(try await requests.map(\.containerID) == ["a"])
        #expect(await !queue.dropped.wait(atMost: .milliseconds(1)))
        queue.add(event("b"))
        #expect(await queue.dropped.wait(atMost: .seconds(5)))
    }

    @Test("a failed request comes again after its pause, and a finished one lets the game go on")
    func failures() async throws {
        let queue = InspectQueue()
        queue.add(event("a"))
        let first = try await queue.next()
        queue.fail(try #require(first.first), retryAfter: .milliseconds(20))
        #expect(try await queue.next() == first)
        queue.add(event("a"))
        queue.finish(try #require(first.first))
        #expect(try await queue.next() == first)
    }

    @Test("the end of Docker ends a waiting inspector")
    func end() async {
        let queue = InspectQueue()
        let inspector = Task { try await queue.next() }
        queue.end(DockerError(.unavailable, operation: "inspectContainer", message: "away"))
        await #expect(throws: DockerError.self) { try await inspector.value }
    }

    @Test("the inspector waits while the publisher is behind")
    func capacity() async {
        let queue = PublishQueue(cursor: Timestamp(seconds: 0))
        for number in 0..<PublishBatcher.capacity { queue.add(observation("\(number)")) }
        let hasWaited = WakeSignal()
        let inspector = Task {
            await queue.waitForCapacity()
            hasWaited.raise()
        }
        #expect(await !hasWaited.wait(atMost: .milliseconds(20)))
        #expect(await queue.next(1).count == 1)
        #expect(await hasWaited.wait(atMost: .seconds(5)))
        await inspector.value
    }

    @Test("a new observation wakes the publisher, with the checkpoint of its container")
    func observations() async {
        let queue = PublishQueue(cursor: Timestamp(seconds: 0))
        queue.replaceCheckpoints(["a": "checkpoint"])
        async let batch = queue.next(9)
        queue.add(observation("a"))
        #expect(await batch.map(\.checkpoint) == ["checkpoint"])
    }

    @Test("cancelled tasks do not wait")
    func cancellation() async throws {
        let (inspects, observations) = (InspectQueue(), PublishQueue(cursor: Timestamp(seconds: 0)))
        let tasks = Task { (try await inspects.next().count, await observations.next(9).count) }
        tasks.cancel()
        #expect(try await tasks.value == (0, 0))
    }
}
