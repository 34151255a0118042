import Dispatch
import Foundation

/// A command-line tool that a rig needs and that failed.
struct ToolFailure: Error, CustomStringConvertible {
    let description: String
}

/// Runs command-line tools to their end.
enum Tool {
    /// What the tool printed. It is ended after `limit`.
    @discardableResult
    static func run(_ command: [String], limit: Duration = .seconds(120)) async throws -> String {
        // A thread of Dispatch may block, those that run tasks may not.
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try wait(for: command, limit: limit) })
            }
        }
    }

    private static func wait(for command: [String], limit: Duration) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let pid = process.processIdentifier
        let end = DispatchWorkItem { _ = kill(pid, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + Double(limit.components.seconds), execute: end)
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        end.cancel()
        guard process.terminationStatus == 0 else {
            throw ToolFailure(
                description: "`\(command.joined(separator: " "))` ended with \(process.terminationStatus): \(text)"
            )
        }
        return text
    }
}
