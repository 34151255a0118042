import ArgumentParser
import Terminal

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `rtmanager bench`: runs the program `rtmanager-bench` from the folder of this program.
///
/// The bench is a separate program, so that no shipped worker contains an in-memory Docker Engine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a worker beside a baseline: jobs, latency, containers, events, failover.",
        discussion: """
            Runs the program rtmanager-bench beside this one, with the same arguments.
            A release does not contain it. Build one: swift build -c release

            \(ExitReason.help)
            """
    )

    @Argument(parsing: .captureForPassthrough, help: "What rtmanager-bench takes; see rtmanager-bench --help.")
    var arguments: [String] = []

    func run() async throws {
        let path = try Program.beside("rtmanager-bench")
        guard access(path, X_OK) == 0 else {
            throw CommandError.failed(
                "there is no \(path): build it in rtmanager's sources by `swift build -c release`, which puts both "
                    + "programs side by side"
            )
        }
        // The bench replaces this process, so signals and the exit code are the bench's own.
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        execv(path, words)
        throw CommandError.failed("\(path) cannot be run: \(String(cString: strerror(errno)))")
    }
}
