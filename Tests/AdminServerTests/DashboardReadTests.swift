import JobQueue
import QueueAdmin
import Synchronization
import Testing

@testable import AdminServer
@testable import Pages

/// A read of Redis that waits until a test lets the read end. Further reads, which a test counts, end at once.
private final class SlowRead: Sendable {
    private struct State {
        var count = 0
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let begun = AsyncStream<Void>.makeStream()

    /// The number of reads so far.
    var count: Int { state.withLock { $0.count } }

    func read() async -> DashboardLook {
        await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                state.count += 1
                if state.count == 1 { state.waiting = continuation }
                return state.count == 1
            }
            if isFirst { begun.continuation.yield() } else { continuation.resume() }
        }
        return DashboardLook(status: StatusPage(title: "what was read", overview: FleetOverview()))
    }

    /// Waits until a read has begun.
    func untilBegun() async { for await _ in begun.stream { return } }

    func end() {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }
}

@Suite("A read of Redis for the page", .timeLimit(.minutes(1)))
struct DashboardReadTests {
    @Test("goes on for a single viewer, and the others get a page at once")
    func oneAtATime() async {
        let slow = SlowRead()
        let dashboard = Dashboard { await slow.read() }
        await withTaskGroup(of: String.self) { group in
            group.addTask { await dashboard.content(Readiness(checks: [])).html }
            await slow.untilBegun()
            for _ in 0..<20 {
                let page = await dashboard.content(Readiness(checks: [])).html
                #expect(page.contains("Redis was not read: it is being read"))
            }
            #expect(slow.count == 1)
            slow.end()
            let page = await group.next()
            #expect(page?.contains("what was read") == true)
        }
        let after = await dashboard.content(Readiness(checks: [])).html
        #expect(after.contains("what was read"))
        #expect(slow.count == 1)
    }
}

@Suite("The data of the overview for other pages", .timeLimit(.minutes(1)))
struct DashboardLookTests {
    private struct Away: Error, CustomStringConvertible { let description = "no connection" }

    @Test("is read once for all, and is refused while it is read or after a failure")
    func look() async throws {
        let slow = SlowRead()
        let dashboard = Dashboard { await slow.read() }
        try await withThrowingTaskGroup(of: DashboardLook.self) { group in
            group.addTask { try await dashboard.look() }
            await slow.untilBegun()
            await #expect(throws: Dashboard.NotRead(description: "it is being read")) { try await dashboard.look() }
            slow.end()
            let first = try await group.next()
            #expect(first?.status.title == "what was read")
        }
        let kept = try await dashboard.look()
        #expect(kept.status.title == "what was read" && slow.count == 1)
        let broken = Dashboard { throw Away() }
        await #expect(throws: Dashboard.NotRead(description: "no connection")) { try await broken.look() }
    }
}

@Suite("The lines of the readiness")
struct ReadinessTextTests {
    @Test(
        "are as many as the checks, whatever their reasons hold",
        arguments: [
            "\n", "\r", "\r\n", "\u{0B}", "\u{0C}", "\u{85}", "\u{2028}", "\u{2029}", "\u{1B}[31m", "\u{202E}", "\u{0}",
        ]
    )
    func lines(separator: String) {
        let readiness = Readiness(checks: [
            .init(name: "redis", holds: false, reason: "first\(separator)ok docker: it answers"),
            .init(name: "docker", holds: false, reason: "away"),
        ])
        let text = readiness.text
        #expect(text.split(whereSeparator: \.isNewline).count == 2)
        #expect(text.hasPrefix("failing redis: first "))
        #expect(text.hasSuffix("ok docker: it answers\nfailing docker: away\n"))
        let unwanted = text.unicodeScalars.filter { $0 != "\n" && $0.properties.generalCategory != .spaceSeparator }
            .filter {
                [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
            }
        #expect(unwanted.isEmpty)
        #expect(!readiness.isReady)
    }
}
