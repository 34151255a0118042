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

    /// The number of nodes. Each has a worker and a Docker Engine of its own.
    @Option var nodes = 1

    /// The number in the name of the first node, if there are several.
    @Option var firstNode = 0

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource { .process(flags: shared.values) }

    func run(_ context: CommandContext) async throws(CommandError) {
        // An in-memory Docker Engine invents its answers, so this worker must never see the jobs of a real fleet.
        guard context.settings.namespace.hasPrefix(BenchStage.namespacePrefix) else {
            throw .wrongUse("this worker has an Engine in memory; it serves only the namespaces of rtmanager-bench")
        }
        let names = nodes == 1 ? ["bench"] : (firstNode..<firstNode + nodes).map { BenchStage.node($0) }
        let engines = names.map { (node: NodeID($0), docker: makeEngine(context.settings)) }
        try await Actions.runBenchWorkers(engines, context.settings, logger: context.logger)
    }

    private func makeEngine(_ settings: Settings) -> any DockerClient {
        switch engine {
        case .ready: ReadyEngine()
        case .memory:
            MemoryEngine(
                startTime: .milliseconds(startMilliseconds),
                foreign: (0..<foreignContainers).map {
                    MemoryEngine.foreign(namespace: settings.namespace, number: $0)
                }
            )
        }
    }
}
