import Foundation
import Support
import Synchronization
import Testing

@Suite("Waiting for a condition")
struct WaitingTests {
    /// The message of a wait that takes too long.
    private func message(_ body: () async throws -> Void) async throws -> String {
        do {
            try await body()
        } catch let error as Overdue {
            return error.description
        }
        throw Overdue("the wait succeeded")
    }

    /// Runs `body` after a process has written 50 lines and ended.
    private func afterFiftyLines(_ body: (ChildProcess) async throws -> Void) async throws {
        let directory = try temporaryDirectory("waiting")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let process = try await ChildProcess.start(
            ["sh", "-c", "for n in $(seq 50); do echo line $n.; done"],
            named: "talker",
            logPath: directory + "/log"
        )
        _ = await process.waitForExit()
        try await body(process)
    }

    @Test("returns the first value that was waited for")
    func value() async throws {
        var number = 0
        let value = try await eventually("three", every: .milliseconds(1), until: { $0 == 3 }) {
            number += 1
            return number
        }
        #expect(value == 3)
        #expect(number == 3)
    }

    @Test("looks once more after a look that took longer than the limit")
    func slowLook() async throws {
        try await eventually("the one look", within: .zero) { true }
    }

    @Test("says what was waited for, how long, and the last value")
    func lastValue() async throws {
        let text = try await message {
            try await eventually("a fourth", within: .milliseconds(20), until: { $0.count == 4 }) { ["a", "b"] }
        }
        #expect(text == #"waited 0.02 seconds for a fourth; the last value was ["a", "b"]"#)
    }

    @Test("says what was waited for if there is no value")
    func condition() async throws {
        let text = try await message { try await eventually("rain", within: .milliseconds(20)) { false } }
        #expect(text == "waited 0.02 seconds for rain")
    }

    @Test("shows the two ends of a long value")
    func longValue() async throws {
        let long = "begin" + String(repeating: ".", count: 10_000) + "end"
        let text = try await message {
            try await eventually("less", within: .zero, until: \.isEmpty) { long }
        }
        #expect(text.contains("begin..") && text.hasSuffix("..end"))
        #expect(text.count < 2_100)
    }

    @Test("shows the last 40 lines of the log of each process of the test")
    func logs() async throws {
        try await afterFiftyLines { process in
            let text = try await message { try await eventually("rain", within: .zero) { false } }
            #expect(text.contains("--- the end of the log of talker (process \(process.pid)):\nline 11.\nline 12.\n"))
            #expect(text.hasSuffix("line 49.\nline 50."))
        }
        let text = try await message { try await eventually("rain", within: .zero) { false } }
        #expect(!text.contains("talker"), "A log that was removed is not shown.")
    }

    @Test("ends at once with the error of a look")
    func error() async throws {
        var looks = 0
        let error = await #expect(throws: CocoaError.self) {
            try await eventually("nothing", until: { $0 }) {
                looks += 1
                throw CocoaError(.fileNoSuchFile)
            }
        }
        #expect(error?.code == .fileNoSuchFile)
        #expect(looks == 1)
    }

    @Test("The first expectation that fails shows the logs")
    func expectations() async throws {
        try await afterFiftyLines { _ in
            let comments = Mutex<[String]>([])
            let keep = IssueHandlingTrait.compactMapIssues { issue in
                comments.withLock { $0.append(issue.comments.map(\.rawValue).joined()) }
                return nil
            }
            let test = try #require(Test.current)
            try await keep.provideScope(for: test, testCase: Test.Case.current) {
                try await ProcessLogs.withFailures {
                    #expect(Bool(false), "first")
                    #expect(Bool(false), "second")
                }
            }
            let texts = comments.withLock { $0 }
            #expect(texts.count == 2)
            #expect(texts.first?.hasPrefix("first--- the end of the log of talker") == true)
            #expect(texts.last == "second")
        }
    }

    @Test("The pause grows with the wait, within bounds", arguments: [(0, 10), (160, 10), (800, 50), (60_000, 100)])
    func pauses(time: Int, pause: Int) {
        #expect(pollPause(after: .milliseconds(time)) == .milliseconds(pause))
    }

    @Test("An error is completed by the logs once")
    func completedErrors() async throws {
        try await afterFiftyLines { _ in
            let once = ProcessLogs.completed(CocoaError(.fileNoSuchFile))
            #expect("\(once)".contains("--- the end of the log of talker"))
            let twice = ProcessLogs.completed(once)
            #expect("\(twice)" == "\(once)")
        }
    }
}
