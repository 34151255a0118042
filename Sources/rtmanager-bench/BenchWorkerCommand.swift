import ArgumentParser
import Commands
import DockerPort
import JobContract
import Settings
import Terminal

/// The measured worker, in its own process.
struct BenchWorkerCommand: RunnableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)

    static let audience = SettingDescriptor.Audience.worker

    /// The kinds of in-memory Docker Engines.
    enum EngineKind: String, ExpressibleByArgument {
        case ready, memory
    }

    @Option var engine = EngineKind.ready

    /// The duration of a start on ``MemoryEngine``, in milliseconds.
    @Option var startMilliseconds = 0

    /// The number of containers on ``MemoryEngine`` at the beginning.
    @Option var foreignContainers = 0

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource { .process(flags: shared.values) }

    func run(_ context: CommandContext) async throws(CommandError) {
        // An in-memory Docker Engine invents its answers, so this worker must never see the jobs of a real fleet.
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
