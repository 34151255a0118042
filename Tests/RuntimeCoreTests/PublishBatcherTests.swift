import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("Observations that wait to be published")
struct PublishBatcherTests {
    private func at(_ milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
    }

    private func oom(_ id: ContainerID = "c", second: Int64) -> Observation {
        let time = Timestamp(seconds: second)
        let hint = DockerEvent(action: "oom", containerID: id, occurredAt: time)
        return Observation(containerID: id, container: nil, hints: [hint], seenAt: time)
    }

    /// A diff with one event. Only the kind matters here.
    private func diff(_ kind: LifecycleKind, awaitsStopResult: Bool = false) throws -> LifecycleDiff {
        let before = kind == .started ? nil : checkpoint(t0)
        let container: ContainerInspect? =
            switch kind {
            case .healthy: inspected("running", health: "healthy")
            case .exited: inspected("exited", finishedAt: t1, exitCode: 3)
            case .removed: nil
            default: inspected("running")
            }
        let hints = kind == .oom ? [hint("oom", at: t1)] : []
        var diff = try #require(
            LifecycleDiff(after: before, seeing: observation(container, hints: hints), knowing: ContainerRecord())
        )
        diff.awaitsStopResult = awaitsStopResult
        return diff
    }

    private func seconds(_ pending: PendingObservation?) -> [Int64] {
        pending?.observation.hints.map(\.occurredAt.seconds) ?? []
    }

    private func batcher() -> PublishBatcher { PublishBatcher(cursor: Timestamp(seconds: 0)) }

    @Test("frequent steps wait for a second, and are published together")
    func holds() throws {
        var batcher = batcher()
        let oom = try diff(.oom)
        batcher.add(self.oom(second: 1), at: at(0))
        let first = try #require(batcher.take(9, at: at(0)).first)
        #expect(batcher.accepts(first, oom, at: at(0)) == true)
        #expect(seconds(first) == [1])
        batcher.published("c", oom, at: at(0))
        for step in 1...3 as ClosedRange<Int64> {
            batcher.add(self.oom(second: 1 + step), at: at(step * 100))
            let next = try #require(batcher.take(9, at: at(step * 100)).first)
            #expect(seconds(next).count == Int(step))
            #expect(batcher.accepts(next, oom, at: at(step * 100)) == false)
            #expect(batcher.take(9, at: at(step * 100)).isEmpty)
            #expect(batcher.pause(at: at(step * 100)) == .milliseconds(1_000 - step * 100))
        }
        #expect(batcher.take(9, at: at(999)).isEmpty)
        let last = try #require(batcher.take(9, at: at(1_000)).first)
        #expect(seconds(last) == [2, 3, 4])
        #expect(batcher.accepts(last, oom, at: at(1_000)) == true)
        #expect(batcher.isEmpty && batcher.pause(at: at(1_000)) == nil)
    }

    @Test("an exit does not wait behind frequent steps, and takes their events along")
    func exitDoesNotWait() throws {
        var batcher = batcher()
        batcher.published("c", try diff(.oom), at: at(0))
        batcher.add(oom(second: 1), at: at(1))
        let held = try #require(batcher.take(9, at: at(1)).first)
        let (healthy, exit) = (try diff(.healthy), try diff(.exited))
        #expect(batcher.accepts(held, healthy, at: at(1)) == false)
        batcher.add(oom(second: 2), at: at(2))
        let both = try #require(batcher.take(9, at: at(2)).first)
        #expect(seconds(both) == [1, 2])
        #expect(batcher.accepts(both, exit, at: at(2)) == true)
    }

    @Test("a container with more events than the limit keeps the newest")
    func mostHints() throws {
        var batcher = batcher()
        let oom = try diff(.oom)
        batcher.published("c", oom, at: at(0))
        for second in 0..<Int64(PublishBatcher.mostHints + 10) {
            batcher.add(self.oom(second: second), at: at(1))
            let next = try #require(batcher.take(9, at: at(1)).first)
            #expect(batcher.accepts(next, oom, at: at(1)) == false)
        }
        let all = seconds(batcher.take(9, at: at(1_000)).first)
        #expect(all.count == PublishBatcher.mostHints && all.first == 10)
    }

    @Test("observations of a container leave in order, and those of an ended lifecycle never")
    func keepsOrder() throws {
        var batcher = batcher()
        let oom = try diff(.oom)
        batcher.published("c", oom, at: at(0))
        batcher.add(self.oom(second: 1), at: at(1))
        batcher.add(self.oom(second: 2), at: at(1))
        let first = try #require(batcher.take(1, at: at(1)).first)
        #expect(seconds(first) == [1])
        #expect(batcher.accepts(first, oom, at: at(1)) == false)
        let both = try #require(batcher.take(1, at: at(1)).first)
        #expect(seconds(both) == [1, 2])
        #expect(batcher.accepts(both, oom, at: at(1)) == false)
        batcher.ended("c")
        #expect(batcher.take(9, at: at(5_000)).isEmpty)
        #expect(batcher.isEmpty)
    }

    @Test("an exit waits for the result of its stop, but not for ever, and delays only its container")
    func stopResult() throws {
        var batcher = batcher()
        let (exit, start) = (try diff(.exited, awaitsStopResult: true), try diff(.started))
        batcher.add(oom("a", second: 1), at: at(0))
        let first = try #require(batcher.take(9, at: at(0)).first)
        #expect(batcher.accepts(first, exit, at: at(0)) == false)
        #expect(batcher.pause(at: at(0)) == .milliseconds(25))
        batcher.add(oom("a", second: 2), at: at(1))
        batcher.add(oom("b", second: 1), at: at(1))
        let other = batcher.take(9, at: at(1))
        #expect(other.map(\.observation.containerID) == ["b"])
        #expect(batcher.accepts(other[0], start, at: at(1)) == true)
        let again = try #require(batcher.take(9, at: at(25)).first)
        #expect(seconds(again) == [1])
        #expect(batcher.accepts(again, exit, at: at(25)) == false)
        let last = try #require(batcher.take(9, at: at(2_000)).first)
        #expect(seconds(last) == [1])
        #expect(batcher.accepts(last, exit, at: at(2_000)) == true)
        let rest = batcher.take(9, at: at(2_000))
        #expect(seconds(rest.first) == [2])
    }

    @Test("an observation with an outdated checkpoint is compared again before later ones")
    func conflicts() throws {
        var batcher = batcher()
        _ = batcher.replace(["c": "old"])
        batcher.add(oom(second: 1), at: at(0))
        let taken = try #require(batcher.take(9, at: at(0)).first)
        batcher.add(oom(second: 2), at: at(0))
        // A reconcile meanwhile does not change the checkpoint of a taken batch.
        #expect(batcher.replace(["c": "other"]) == ["c": "old"])
        #expect(taken.checkpoint == "old")
        batcher.conflicted(taken, actual: "true")
        let again = try #require(batcher.take(9, at: at(0)).first)
        #expect(seconds(again) == [1] && again.checkpoint == "true")
        batcher.conflicted(again, actual: "")
        let next2 = batcher.take(9, at: at(0))
        #expect(next2.first?.checkpoint == "")
        batcher.published("c", try diff(.exited), at: at(0))
        let next3 = batcher.take(9, at: at(0))
        #expect(next3.first?.checkpoint == checkpoint(t0, exited: t1).encoded)
    }

    @Test("a batch has one observation of each container, and leaves the rest for the next batch")
    func batches() {
        var batcher = batcher()
        for id: ContainerID in ["a", "a", "b", "c"] { batcher.add(oom(id, second: 1), at: at(0)) }
        let next4 = batcher.take(2, at: at(0))
        #expect(next4.map(\.observation.containerID) == ["a", "b"])
        let next5 = batcher.take(9, at: at(0))
        #expect(next5.map(\.observation.containerID) == ["c", "a"])
    }

    @Test("is full with too many observations, without those that wait for time to pass")
    func capacity() throws {
        var batcher = batcher()
        for number in 0..<PublishBatcher.capacity { batcher.add(oom(ContainerID("\(number)"), second: 1), at: at(0)) }
        #expect(batcher.isFull)
        let first = try #require(batcher.take(1, at: at(0)).first)
        #expect(!batcher.isFull)
        batcher.add(oom("x", second: 1), at: at(0))
        #expect(batcher.isFull)
        let second = try #require(batcher.take(1, at: at(0)).first)
        for pending in [first, second] {
            let exit = try diff(.exited, awaitsStopResult: true)
            #expect(batcher.accepts(pending, exit, at: at(0)) == false)
        }
        #expect(!batcher.isFull)
    }

    @Test("the cursor moves with the events of a batch, and never back")
    func cursor() {
        var batcher = batcher()
        batcher.add(oom("a", second: 9), at: at(0))
        let batch = batcher.take(9, at: at(0))
        #expect(batcher.cursor(with: batch)?.seconds == 9 && batcher.cursor.seconds == 0)
        batcher.finished(batch)
        batcher.add(oom("b", second: 5), at: at(0))
        let earlier = batcher.take(9, at: at(0))
        #expect(batcher.cursor(with: earlier)?.seconds == 9)
        batcher.finished(earlier)
        #expect(batcher.cursor.seconds == 9 && batcher.cursor(with: []) == nil)
    }

    @Test("loses and reorders no event of a container, in any order of results", arguments: 0..<50)
    func anyOrder(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var batcher = batcher()
        let diffs = [
            try diff(.oom), try diff(.exited), try diff(.exited, awaitsStopResult: true), nil, try diff(.healthy),
        ]
        var (given, published): (Int64, [ContainerID: [Int64]]) = (0, [:])
        var time: Int64 = 0
        func publish() {
            for pending in batcher.take(3, at: at(time)) {
                let diff = diffs.randomElement(using: &random) ?? nil
                let id = pending.observation.containerID
                guard batcher.accepts(pending, diff, at: at(time)) else {
                    if diff == nil { published[id, default: []] += seconds(pending) }
                    continue
                }
                if let diff, Bool.random(using: &random) {
                    published[id, default: []] += seconds(pending)
                    batcher.published(id, diff, at: at(time))
                } else {
                    batcher.conflicted(pending, actual: "")
                }
            }
        }
        for _ in 0..<300 {
            time += Int64.random(in: 0..<50, using: &random)
            given += 1
            batcher.add(oom(ContainerID("c\(Int.random(in: 0..<4, using: &random))"), second: given), at: at(time))
            if Bool.random(using: &random) { publish() }
        }
        for _ in 0..<10_000 where !batcher.isEmpty {
            time += 100
            publish()
        }
        #expect(batcher.isEmpty && published.values.joined().count == Int(given))
        for numbers in published.values { #expect(numbers == numbers.sorted()) }
    }
}
