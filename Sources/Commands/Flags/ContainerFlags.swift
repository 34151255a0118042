import ArgumentParser
import JobContract
import Primitives
import RuntimeClient
import Settings

/// The flags of `start` and `restart` about the container.
struct ContainerFlags: ParsableArguments {
    @Option(help: ArgumentHelp("Variable of the game's environment; may be given again.", valueName: "name=value"))
    var env: [Assignment] = []

    @Option(help: ArgumentHelp("Label of the container; may be given again.", valueName: "name=value"))
    var label: [Assignment] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("One word of the command line in the container; may be given again.", valueName: "word")
    ) var cmd: [String] = []

    @Option(help: ArgumentHelp("Limit of memory, as 512m or 2g.", valueName: "amount"))
    var memory: String?

    @Option(help: ArgumentHelp("Limit of CPUs, as 0.5 or 2.", valueName: "cpus"))
    var cpus: Double?

    @Option(help: ArgumentHelp("Limit of processes and threads.", valueName: "n"))
    var pids: Int?

    @Option(
        help: ArgumentHelp(
            "Directory of the host in the container, below a root that the worker allows; may be given again.",
            valueName: "host:target[:ro]"
        )
    ) var mount: [MountArgument] = []

    @Option(help: ArgumentHelp("When to pull: if_missing, always or never. Default: if_missing.", valueName: "policy"))
    var pullPolicy: PullPolicyArgument?

    @Option(help: ArgumentHelp("Succeed only if the game answers within this time, 0 to 600.", valueName: "s"))
    var readyTimeout: Int?

    func validate() throws {
        if let wrong = env.first(where: { !Syntax.isEnvironmentName($0.name) }) {
            throw ValidationError(
                "--env \(quoted(wrong.name)) must begin with a letter or _, then letters, digits and _"
            )
        }
        if let memory, SettingRule.memory(memory) == nil {
            throw ValidationError("--memory \(quoted(memory)) must be \(SettingRule.allowedMemory)")
        }
        try require(cpus, in: ResourceBounds.settableCPUs, flag: "--cpus")
        try require(pids, in: ResourceBounds.pids, flag: "--pids")
        try require(readyTimeout, in: 0...600, flag: "--ready-timeout")
    }

    /// Throws if the command line is given twice.
    func requireOneCommand(_ command: [String]) throws {
        if !cmd.isEmpty, !command.isEmpty { throw ValidationError("give the command by --cmd or after --, not both") }
    }

    /// Returns the job with the values of the flags. The message leaves out absent flags.
    ///
    /// - Parameter command: The words after `--`.
    func added(to request: JobRequest, command: [String]) -> JobRequest {
        var request = request
        request.env = env.values
        request.labels = label.labels
        request.cmd = command.isEmpty ? cmd : command
        request.limits = JobRequest.Limits(cpuQuota: cpus, memory: memory, pidsLimit: pids)
        request.bindMounts = mount.map(\.mount)
        request.pullPolicy = pullPolicy?.rawValue
        request.readyTimeoutSeconds = readyTimeout
        return request
    }
}
