import Runtime
import Subprocess
import SystemPackage
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs other programs for the demo and the bench.
package enum Program {
    /// Runs a program to its end and answers what it printed.
    ///
    /// - Throws: ``CommandError`` with its last words where it fails.
    @discardableResult
    package static func output(_ words: [String], environment: [String: String] = [:]) async throws -> String {
        let result: ExecutionResult<Void, StringOutput<UTF8>, CombinedErrorOutput>
        do {
            result = try await run(
                executable(words[0]),
                arguments: Arguments(Array(words.dropFirst())),
                environment: .inherit.updating(keys(environment)),
                output: .string(limit: 256 << 10),
                error: .combinedWithOutput
            )
        } catch {
            throw CommandError.failed("\(words[0]) cannot be run: \(error)")
        }
        let text = result.standardOutput
        guard result.terminationStatus.isSuccess else {
            throw CommandError.failed("`\(words.joined(separator: " "))` failed: \(text.suffix(400))")
        }
        return text
    }

    /// Runs `body` beside a program, which is ended by SIGTERM (and SIGKILL after a while) when `body` ends.
    /// What the program prints goes to the file `log`.
    package static func with<R: Sendable>(
        _ words: [String],
        environment: [String: String] = [:],
        log: String,
        _ body: () async throws -> R
    ) async throws -> R {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await untilExit(words, environment: environment, log: log) }
            let result = try await body()
            group.cancelAll()
            // How it ended is of no interest any more.
            while let outcome = await group.nextResult() { _ = outcome }
            return result
        }
    }

    /// Runs a program until it ends, however it does. Where the task is cancelled it is ended by SIGTERM (and SIGKILL
    /// after a while). What the program prints goes to the end of the file `log`.
    package static func untilExit(_ words: [String], environment: [String: String] = [:], log: String) async throws {
        let file = try FileDescriptor.open(
            FilePath(log),
            .writeOnly,
            options: [.create, .append],
            permissions: .ownerReadWrite
        )
        var options = PlatformOptions()
        // A Ctrl-C is for the demo alone; it ends its programs in order.
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(15))]
        _ = try await run(
            executable(words[0]),
            arguments: Arguments(Array(words.dropFirst())),
            environment: .inherit.updating(keys(environment)),
            platformOptions: options,
            output: .fileDescriptor(file, closeAfterSpawningProcess: true),
            error: .combinedWithOutput
        )
    }

    /// The path of this program.
    package static func ownPath() throws -> String {
        guard let path = CommandLine.arguments.first, path.contains("/") else {
            #if os(Linux)
                return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            #else
                throw CommandError.failed("call this by the path of its program")
            #endif
        }
        return path
    }

    /// The path of another program in this one's folder.
    package static func beside(_ name: String) throws -> String {
        let path = try ownPath()
        return path.lastIndex(of: "/").map { path[...$0] + name } ?? name
    }

    private static func executable(_ word: String) -> Executable {
        word.contains("/") ? .path(FilePath(word)) : .name(word)
    }

    /// Whether a program of this name is to be found.
    package static func exists(_ name: String) async -> Bool {
        (try? await output(["sh", "-c", "command -v \(name)"])) != nil
    }

    private static func keys(_ environment: [String: String]) -> [Environment.Key: String?] {
        var keys: [Environment.Key: String?] = [:]
        for (name, value) in environment { keys[Environment.Key(stringLiteral: name)] = value }
        return keys
    }
}

/// Waits until `condition` holds, looking again after each `pause`.
///
/// - Parameter log: file of a program that has to become ready; its last words are told where it does not.
/// - Throws: ``CommandError`` that names what did not come.
package func awaitReadiness(
    _ what: String,
    within limit: Duration = .seconds(30),
    log: String? = nil,
    every pause: Duration = .milliseconds(20),
    _ condition: () async -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: limit)
    while ContinuousClock.now < end {
        if await condition() { return }
        try await Task.sleep(for: pause)
    }
    let words = log.flatMap { FileManager.default.contents(atPath: $0) }.map {
        String(decoding: $0.suffix(400), as: UTF8.self)
    }
    throw CommandError.outOfReach("\(what) was not ready within \(limit)\(words.map { "; its log ends: \($0)" } ?? "")")
}
