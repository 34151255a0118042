import Primitives
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
    /// Runs a program to its end and returns its output.
    ///
    /// - Throws: ``CommandError`` with the end of the output if the program fails.
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

    /// Runs `body` beside a program. The output of the program goes to the file `log`.
    ///
    /// After `body`, the program gets SIGTERM, and SIGKILL 15 s later. A cancellation reaches `body` alone: of programs
    /// inside one another, each lives until the inner ones have ended.
    ///
    /// - Parameter environment: Variables of the program beside those of this process; nil: the program lacks it.
    package static func with<R: Sendable>(
        _ words: [String],
        environment: [String: String?] = [:],
        log: String,
        _ body: () async throws -> R
    ) async throws -> R {
        let (ends, end) = AsyncStream.makeStream(of: Never.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withCancellationShield {
                    await keepRunning(words, environment: environment, log: log, until: ends)
                }
            }
            // The group waits for the end of the program.
            defer { end.finish() }
            return try await body()
        }
    }

    /// Runs a program until its end or the end of `ends`. The outcome of the program does not matter.
    private static func keepRunning(
        _ words: [String],
        environment: [String: String?],
        log: String,
        until ends: AsyncStream<Never>
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await untilExit(words, environment: environment, log: log) }
            group.addTask { for await _ in ends {} }
            await group.next()
            group.cancelAll()
        }
    }

    /// Runs a program until its end, successful or not. Appends the program's output to the file `log`.
    ///
    /// If the task is cancelled, the program gets SIGTERM, and SIGKILL 15 s later.
    package static func untilExit(_ words: [String], environment: [String: String?] = [:], log: String) async throws {
        let file = try FileDescriptor.open(
            FilePath(log),
            .writeOnly,
            options: [.create, .append],
            permissions: .ownerReadWrite
        )
        var options = PlatformOptions()
        // Ctrl-C must reach the demo only. The demo then ends its programs in order.
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

    /// Returns the path of this program.
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

    /// Returns the path of another program in this program's folder.
    package static func beside(_ name: String) throws -> String {
        let path = try ownPath()
        return path.lastIndex(of: "/").map { path[...$0] + name } ?? name
    }

    /// Returns a program by its path, or by its name in `PATH`.
    package static func executable(_ word: String) -> Executable {
        word.contains("/") ? .path(FilePath(word)) : .name(word)
    }

    /// Returns whether a program with this name is installed.
    package static func exists(_ name: String) async -> Bool {
        (try? await output(["sh", "-c", "command -v \(name)"])) != nil
    }

    /// Returns variables with the keys that Subprocess takes.
    package static func keys(_ environment: [String: String?]) -> [Environment.Key: String?] {
        var keys: [Environment.Key: String?] = [:]
        for (name, value) in environment { keys[Environment.Key(stringLiteral: name)] = value }
        return keys
    }
}

/// Waits until `condition` holds, with a check after each `pause`.
///
/// - Parameter log: The log file of the awaited program. The error quotes the end of the log.
/// - Throws: ``CommandError`` with the text `what` if the time `limit` has passed.
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
    throw CommandError.outOfReach(
        "\(what) was not ready within \(limit.shortText)\(words.map { "; its log ends: \($0)" } ?? "")"
    )
}
