import Commands
import Primitives
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

/// A way to run the programs of a peer: the folder, the variables, and the file for the output.
struct PeerProcess: Sendable {
    var folder: String
    var environment: [String: String]
    var log: String

    /// The time for a worker to end after SIGTERM.
    private static let grace = TeardownStep.gracefulShutDown(allowedDurationToNextStep: .seconds(10))

    /// Runs a program to its end.
    ///
    /// - Throws: ``CommandError`` with the end of the output if the program fails or takes longer than `limit`.
    func run(_ words: [String], within limit: Duration) async throws {
        let status: TerminationStatus
        do {
            status = try await withDeadline(limit) {
                try await started(words) { _ in }
            }
        } catch is DeadlinePassed {
            throw CommandError.failed(
                "`\(words.joined(separator: " "))` did not end within \(limit.shortText)\(logEnd)"
            )
        }
        guard status.isSuccess else {
            throw CommandError.failed("`\(words.joined(separator: " "))` failed: \(status)\(logEnd)")
        }
    }

    /// Runs `body` beside a worker. The worker is the leader of a process group of its own.
    ///
    /// After `body`, the worker gets SIGTERM, and SIGKILL 10 s later. All that is left of its group gets SIGKILL.
    func with<R: Sendable>(_ words: [String], _ body: (_ pid: Int) async throws -> R) async throws -> R {
        var result: R?
        _ = try await started(words) { execution in
            result = try await body(Int(execution.processIdentifier.value))
            await execution.teardown(using: [Self.grace])
        }
        guard let result else { throw CancellationError() }
        return result
    }

    private typealias Running = Execution<NoInput, FileDescriptorOutput, CombinedErrorOutput>

    private func started(_ words: [String], _ body: (Running) async throws -> Void) async throws -> TerminationStatus {
        let file = try FileDescriptor.open(
            FilePath(log),
            .writeOnly,
            options: [.create, .append],
            permissions: .ownerReadWrite
        )
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [Self.grace]
        var group: pid_t?
        // The worker's own children may outlive it. The group of a program that has ended keeps its number as long as
        // it has members.
        defer { if let group { kill(-group, SIGKILL) } }
        let result = try await Subprocess.run(
            Program.executable(words[0]),
            arguments: Arguments(Array(words.dropFirst())),
            environment: .inherit.updating(Program.keys(environment)),
            workingDirectory: FilePath(folder),
            platformOptions: options,
            input: .none,
            output: .fileDescriptor(file, closeAfterSpawningProcess: true),
            error: .combinedWithOutput
        ) { execution in
            group = execution.processIdentifier.value
            try await body(execution)
        }
        return result.terminationStatus
    }

    /// The end of the output, for errors.
    var logEnd: String {
        guard let text = FileManager.default.contents(atPath: log), !text.isEmpty else { return "" }
        return "; its log ends: \(String(decoding: text.suffix(400), as: UTF8.self))"
    }
}
