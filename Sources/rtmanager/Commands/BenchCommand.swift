import ArgumentParser
import JobContract

/// `rtmanager bench`
struct BenchCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a worker beside a floor: jobs a second, CPU, latency, idle cost.",
        discussion: """
            It works on a private Redis, with an Engine in memory that answers at once,
            so that what is left is the cost of the queue and the worker. Each drain
            follows right after one of the cheapest reliable loop that there can be
            (the floor), since only figures of one moment compare. It takes a minute.

            Examples:
              rtmanager bench
              rtmanager bench --jobs 50000 --rounds 5 --kind start

            \(ExitReason.help)
            """
    )

    @Option(help: ArgumentHelp("Jobs of a drain.", valueName: "number"))
    var jobs = 20_000

    @Option(help: ArgumentHelp("Drains of each.", valueName: "number"))
    var rounds = 3

    @Option(help: ArgumentHelp("Jobs that the worker runs at a time.", valueName: "number"))
    var concurrency = 64

    @Option(
        help: ArgumentHelp(
            "stop: jobs that find nothing to do; start: containers that start at once.",
            valueName: "kind"
        )
    )
    var kind = "stop"

    @Flag(help: "Drain once more each time with metrics and traces, and say what they cost.")
    var observed = false

    @Option(help: ArgumentHelp("How it is told: text or json.", valueName: "format"))
    var output = OutputFormat.text

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource { .process(flags: shared.values) }

    func validate() throws {
        guard (100...1_000_000).contains(jobs), (1...50).contains(rounds), (1...1_024).contains(concurrency) else {
            throw ValidationError("--jobs takes 100 to 1000000, --rounds 1 to 50, --concurrency 1 to 1024")
        }
        guard ["stop", "start"].contains(kind) else { throw ValidationError("--kind is stop or start") }
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        let bench = Bench(
            jobs: jobs,
            rounds: rounds,
            concurrency: concurrency,
            kind: kind == "start" ? .start : .stop,
            isObserved: observed,
            logger: context.logger
        )
        try await Actions.runBench(bench, output: output)
    }
}

/// The worker that `rtmanager bench` measures, in a process of its own.
struct BenchWorkerCommand: RunnableCommand {
    static let configuration = CommandConfiguration(commandName: "bench-worker", shouldDisplay: false)

    static let audience = SettingDescriptor.Audience.worker

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource { .process(flags: shared.values) }

    func run(_ context: CommandContext) async throws(CommandError) {
        try await Actions.runBenchWorker(context.settings, logger: context.logger)
    }
}
