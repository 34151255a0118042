import ArgumentParser
import Commands
import DockerPort
import JobContract
import Settings
import Terminal

/// Runs the scenarios.
struct BenchCommand: RunnableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure a worker beside a baseline: jobs, latency, containers, events, failover.",
        discussion: """
            It works on a private Redis, beside the cheapest that there can be (the baseline)
            in the same run, since only figures of one moment compare.

            Scenarios:
              drain     many jobs: jobs a second, CPU, memory, commands to Redis
              latency   one job at a time, from its push to its result
              backlog   what a job costs with 1,000 to 1,000,000 queued
              idle      what a worker costs that has nothing to do
              failover  from the death of a leader or worker to what follows
              soak      starts, stops, removes for long: memory, latency, losses
              reconcile one job at a time while 10,000 games are compared
              fleet     one job at a time, with 1 to 150 workers waiting
              nodes     many nodes: idle, a burst of starts, lost data, lost nodes
              peers     the workers of others in turn with this one: needs --peers
              start     containers one at a time, beside the bare Engine
              rate      containers a second, beside the bare Engine
              events    from the Engine's clock to the stream, beside a bare reader

            The last three take containers of the Engine that DOCKER_HOST names, and need
            --image: an image on it that runs until it is told to stop. So does soak
            where --image is given. For the others an Engine in memory is enough.

            Examples:
              rtmanager bench
              rtmanager bench drain --jobs 50000 --rounds 5 --kind start
              rtmanager bench start rate events --image galaxy/engine:1.4
              rtmanager bench soak --minutes 60
              rtmanager bench peers --peers /tmp/peers/peers.json --only celery,rq

            \(ExitReason.help)
            """
    )

    static let audience = SettingDescriptor.Audience.worker

    @Argument(help: ArgumentHelp("What is measured.", valueName: "scenario"))
    var scenarios = BenchScenario.usual

    @Flag(help: "A few seconds of each: enough to see that it works, too little for figures.")
    var quick = false

    @Option(help: ArgumentHelp("Jobs of a drain. Default: 20000.", valueName: "number"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Drains of each, and runs with each backlog. Default: 3.", valueName: "number"))
    var rounds: Int?

    @Option(help: ArgumentHelp("Jobs that the worker runs at a time during a drain.", valueName: "number"))
    var concurrency = 128

    @Option(
        help: ArgumentHelp(
            "stop: jobs that find nothing to do; start: containers that start at once.",
            valueName: "kind"
        )
    )
    var kind = BenchKind.stop

    @Flag(help: "Drain again with metrics and traces each time, and report their cost.")
    var observed = false

    @Option(help: ArgumentHelp("Length of a soak. Default: 30.", valueName: "minutes"))
    var minutes: Double?

    @Option(help: ArgumentHelp("Nodes of a fleet. Default: 100.", valueName: "number"))
    var nodes: Int?

    @Option(help: ArgumentHelp("Image of the containers on a real Docker Engine.", valueName: "reference"))
    var image: String?

    @Option(
        help: ArgumentHelp("The peers; `Tests/peers/install DIR` makes DIR/peers.json.", valueName: "file")
    )
    var peers: String?

    @Option(help: ArgumentHelp("Peers to measure beside rtmanager. Default: all of the file.", valueName: "names"))
    var only: String?

    @Option(help: .setting("RTM_NETWORK"))
    var network: String?

    @Option(help: ArgumentHelp("Output: text, or json with one line for each scenario and turn.", valueName: "format"))
    var output = OutputFormat.text

    @OptionGroup var shared: SharedFlags

    var source: SettingsSource {
        .process(flags: shared.values.merging(["RTM_NETWORK": network].compactMapValues { $0 }) { first, _ in first })
    }

    func validate() throws {
        guard (100...1_000_000).contains(jobs ?? 100), (1...50).contains(rounds ?? 1), (1...1_024).contains(concurrency)
        else {
            throw ValidationError("--jobs takes 100 to 1000000, --rounds 1 to 50, --concurrency 1 to 1024")
        }
        guard (0.1...10_080).contains(minutes ?? 1) else { throw ValidationError("--minutes takes 0.1 to 10080") }
        guard (2...2_000).contains(nodes ?? 2) else { throw ValidationError("--nodes takes 2 to 2000") }
        if scenarios.contains(.peers), peers == nil {
            throw ValidationError(
                """
                peers needs --peers: a file with the workers of others. Tests/peers/install DIR in rtmanager's sources \
                installs some of them in the folder DIR, and makes DIR/peers.json
                """
            )
        }
        if let scenario = scenarios.first(where: \.needsEngine), image == nil {
            throw ValidationError(
                """
                \(scenario.rawValue) starts containers, so it needs --image: an image on the Engine that DOCKER_HOST names \
                which runs until it is told to stop. A small one: mkdir -p r/bin && cp /bin/busybox r/bin && \
                tar -C r -c . | docker import -c 'CMD ["/bin/busybox","sleep","2147483647"]' - rtmanager-bench:1
                """
            )
        }
    }

    func run(_ context: CommandContext) async throws(CommandError) {
        let options = BenchOptions(
            scenarios: scenarios,
            isQuick: quick,
            jobs: jobs,
            rounds: rounds,
            concurrency: concurrency,
            kind: kind,
            isObserved: observed,
            minutes: minutes,
            nodes: nodes,
            image: image,
            peers: peers,
            only: only
        )
        let bench = Bench(options: options, settings: context.settings, logger: context.logger.forCommand)
        try await Actions.runBench(bench, output: output)
    }
}
