import Foundation
import Support

/// What one call of the built program did.
struct Call: Sendable {
    var code: Int32
    var output: String
    var errors: String
}

/// Calls the program that was built beside these tests, with nothing in its environment but `environment`.
///
/// - Parameter script: how a shell calls `"$@"`; its stderr goes to the file `$errors`.
func call(
    _ arguments: [String],
    environment: [String: String] = [:],
    script: String = #"exec "$@" 2>"$errors""#
) async throws -> Call {
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("rtmanager").path
    let directory = try temporaryDirectory("program")
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let errors = directory + "/errors"
    let clean = ["env", "-i"] + environment.map { "\($0.key)=\($0.value)" }
    let parting = ["/bin/sh", "-c", "errors=$1; shift; " + script, "sh", errors, program]
    let process = try await ChildProcess.start(clean + parting + arguments, logPath: directory + "/output")
    guard let code = await process.waitForExit(atMost: .seconds(30)) else {
        await process.end()
        throw Overdue("`rtmanager \(arguments.joined(separator: " ").prefix(200))` did not end")
    }
    let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
    return Call(code: code, output: process.log, errors: text)
}
