import Foundation
import Synchronization
import Testing

/// The logs of the processes that the running test has started, for the message of a failure.
///
/// Each test has its own list, so tests that run at the same time do not show each other's logs. A process stays in
/// the list after its end, since a test may wait for what it did before. It leaves with its log file.
package enum ProcessLogs {
    private struct Log {
        let process: String
        let path: String
    }

    private static let logs = Mutex<[Test.ID: [Log]]>([:])

    /// Adds the log of a process to the list of the running test. A process that is started again takes the place of
    /// the former one.
    package static func add(_ process: String, path: String) {
        guard let test = Test.current?.id else { return }
        logs.withLock { logs in
            var own = logs[test, default: []]
            own.removeAll { $0.path == path || !FileManager.default.fileExists(atPath: $0.path) }
            own.append(Log(process: process, path: path))
            logs[test] = own
        }
    }

    /// The last lines of each log of the running test.
    package static var ends: String {
        guard let test = Test.current?.id else { return "" }
        return logs.withLock { $0[test] ?? [] }.compactMap { log in
            lastLines(of: log.path).map { "--- the end of the log of \(log.process):\n\($0)" }
        }.joined(separator: "\n")
    }

    /// At most 40 lines and 16 KiB of a file, or nil without the file.
    private static func lastLines(of path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        let length = (try? file.seekToEnd()) ?? 0
        try? file.seek(toOffset: length > 16_384 ? length - 16_384 : 0)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        return text.split(separator: "\n").suffix(40).joined(separator: "\n")
    }

    /// Runs `body`. The first expectation that fails in it shows the ends of the logs.
    package static func withFailures(_ body: @Sendable () async throws -> Void) async throws {
        guard let test = Test.current else { return try await body() }
        let isShown = Atomic(false)
        let trait = IssueHandlingTrait.compactMapIssues { issue in
            guard issue.isFailure, !isShown.exchange(true, ordering: .relaxed) else { return issue }
            var issue = issue
            issue.comments.append(Comment(rawValue: ends))
            return issue
        }
        try await trait.provideScope(for: test, testCase: Test.Case.current, performing: body)
    }

    /// An error with the ends of the logs, if the error does not show them already.
    package static func completed(_ error: any Error) -> any Error {
        // An expectation that failed has shown them, and is not recorded again.
        if error is ExpectationFailedError { return error }
        if let overdue = error as? Overdue, overdue.hasLogs { return error }
        return Overdue(withLogs: "\(error)")
    }
}
