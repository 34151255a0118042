import ArgumentParser
import Commands

/// `rtmanager-bench`, a program for development.
struct BenchProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rtmanager-bench",
        abstract: "Measures a worker beside a baseline: jobs, latency, containers, events, failover.",
        version: RootCommand.version,
        subcommands: [BenchCommand.self, BenchWorkerCommand.self],
        defaultSubcommand: BenchCommand.self
    )
}
