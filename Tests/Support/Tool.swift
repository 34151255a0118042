import Foundation

/// A command-line tool that a rig needs and that failed.
struct ToolFailure: Error, CustomStringConvertible {
    let description: String
}

/// Runs command-line tools to their end.
package enum Tool {
    /// What the tool printed. It is ended after `limit`.
    ///
    /// It prints into a file: a pipe that some other child of this process has inherited would stay open as long as that
    /// one lives, and nobody would learn of the tool's end.
    @discardableResult
    package static func run(_ command: [String], limit: Duration = .seconds(120)) async throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/rtm-tool-\(UUID().uuidString.prefix(12))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let process = try await ChildProcess.start(command, logPath: path)
        let status = await process.waitForExit(atMost: limit)
        if status == nil { process.signal(SIGKILL) }
        guard status == 0 else {
            let code = status.map(String.init) ?? "nothing within \(limit)"
            throw ToolFailure(description: "`\(command.joined(separator: " "))` ended with \(code): \(process.log)")
        }
        return process.log
    }
}
