import ArgumentParser
import Terminal

/// `rtmanager`, with all its commands.
package struct RootCommand: AsyncParsableCommand {
    /// The program's version.
    package static let version = "0.1.0"

    package static let configuration = CommandConfiguration(
        commandName: "rtmanager",
        abstract: "Runs one container per game, as jobs on Redis ask.",
        discussion: """
            Examples:
              rtmanager demo
              rtmanager worker --redis-url redis://127.0.0.1:6379
              rtmanager start lobby --image registry.example/engine:1.4 --wait
              rtmanager stop lobby --wait

            \(ExitReason.help)
            """,
        version: BuildInfo.text,
        subcommands: [
            WorkerCommand.self, StartCommand.self, StopCommand.self, RemoveCommand.self, RestartCommand.self,
            StatusCommand.self, TopCommand.self, JobsCommand.self, JobCommand.self, GameCommand.self,
            HistoryCommand.self,
            WatchCommand.self, DeadCommand.self, QueueCommand.self, NodeCommand.self, AuditCommand.self,
            DoctorCommand.self, BenchCommand.self, DemoCommand.self,
        ]
    )

    package init() {}
}
