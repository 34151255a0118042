import ArgumentParser
import Commands
import DockerPort
import JobContract
import Settings
import Terminal

/// The worker that the bench measures, in a process of its own.
struct BenchWorkerCommand: RunnableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    static let audience = SettingDescriptor.Audience.worker

    /// Engines in memory.
    enum EngineKind: String, ExpressibleByArgument {
        case ready, memory
    }

    @Option var engine = EngineKind.ready

    /// How long a start takes on an Engine that keeps its containers.
    @Option var startMilliseconds = 0

    /// How many containers such an Engine has from the beginning.
    @Option var foreignContainers = 0

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource { .process(flags: shared.values) }

    func run(_ context: CommandContext) async throws(CommandError) {
        // An Engine in memory answers for containers that do not exist: it must never meet jobs of a real fleet.
        guard context.settings.namespace.hasPrefix(BenchStage.namespacePrefix) else {
            throw .wrongUse("this worker has an Engine in memory; it serves only the namespaces of rtmanager-bench")
        }
        let docker: any DockerClient
        switch engine {
        case .ready: docker = ReadyEngine()
        case .memory:
            docker = MemoryEngine(
                startTime: .milliseconds(startMilliseconds),
                foreign: (0..<foreignContainers).map {
                    MemoryEngine.foreign(namespace: context.settings.namespace, number: $0)
                }
            )
        }
        try await Actions.runBenchWorker(docker, context.settings, logger: context.logger)
    }
}
