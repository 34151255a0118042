import ArgumentParser
import Foundation
import JobContract
import Primitives
import RuntimeClient
import Testing

@testable import Commands
@testable import Settings
@testable import Terminal

/// How a command ends; the contract has another type of that name.
private typealias ExitReason = Terminal.ExitReason

/// What `arguments` mean to the program.
private func parse<Command: ParsableCommand>(_ type: Command.Type, _ arguments: String...) throws -> Command {
    try #require(try RootCommand.parseAsRoot(arguments) as? Command)
}

/// How a call with `arguments` would end before anything is done.
private func exitReason(_ arguments: [String]) -> ExitReason {
    do {
        _ = try RootCommand.parseAsRoot(arguments)
        return .done
    } catch {
        return RootCommand.exitReason(of: error)
    }
}

@Suite("Command line")
struct CommandLineTests {
    @Test("Every setting is a flag of the worker")
    func everySettingIsAFlag() throws {
        var arguments = ["worker", "--read-only-rootfs", "--no-wait", "--stop-when-cut-off"]
        var expected = ["RTM_READ_ONLY_ROOTFS": "true", "RTM_NO_WAIT": "true", "RTM_STOP_WHEN_CUT_OFF": "true"]
        for descriptor in SettingDescriptor.all where expected[descriptor.name] == nil {
            arguments += ["--" + descriptor.flag, "value of \(descriptor.name)"]
            expected[descriptor.name] = "value of \(descriptor.name)"
        }
        let command = try #require(try RootCommand.parseAsRoot(arguments) as? WorkerCommand)
        #expect(command.source.flags == expected)
    }

    @Test("The help of the worker shows every setting from its descriptor, the rare ones only when asked")
    func everySettingIsInTheHelp() {
        let short = RootCommand.helpMessage(for: WorkerCommand.self, includeHidden: false, columns: 400)
        let long = RootCommand.helpMessage(for: WorkerCommand.self, includeHidden: true, columns: 400)
        for descriptor in SettingDescriptor.all {
            let shown = "\(descriptor.summary) [\(descriptor.name)"
            #expect(long.contains(shown), "\(descriptor.name)")
            #expect(short.contains(shown) != descriptor.isRare, "\(descriptor.name)")
        }
    }

    @Test("Other commands take only the shared settings")
    func sharedFlags() {
        let commands = RootCommand.configuration.subcommands.flatMap { command in
            command.configuration.subcommands.isEmpty ? [command] : command.configuration.subcommands
        }
        for command in commands where (command as? any RunnableCommand.Type).map({ $0.audience != .worker }) ?? false {
            let help = RootCommand.helpMessage(for: command, includeHidden: true, columns: 400)
            for descriptor in SettingDescriptor.all {
                let isOffered = help.contains("[\(descriptor.name)")
                #expect(isOffered == (descriptor.audience == .everyone), "\(command) \(descriptor.name)")
            }
        }
    }

    @Test("--env of a worker adds variables of the games")
    func gameEnvironment() throws {
        let command = try parse(WorkerCommand.self, "worker", "--env", "A=1=2", "--env", "B=")
        #expect(command.source.gameEnvironment == ["A": "1=2", "B": ""])
    }

    @Test("A switch may be turned off")
    func switchedOff() throws {
        let command = try parse(WorkerCommand.self, "worker", "--no-read-only-rootfs")
        #expect(command.source.flags == ["RTM_READ_ONLY_ROOTFS": "false"])
    }

    @Test("start puts all its arguments into the job")
    func start() throws {
        let command = try parse(
            StartCommand.self,
            "start",
            "lobby",
            "--image",
            "engine:1",
            "--env",
            "A=1",
            "--label",
            "team=red",
            "--cmd",
            "--port",
            "--cmd",
            "80",
            "--memory",
            "1g",
            "--cpus",
            "0.5",
            "--pids",
            "9",
            "--mount",
            "/a:/b",
            "--mount",
            "/c:/d:ro",
            "--pull-policy",
            "never",
            "--ready-timeout",
            "60",
            "--id",
            "j-1",
            "--queue",
            "urgent",
            "--deadline",
            "2026-05-04T03:02:01Z",
            "--max-attempts",
            "3",
            "--wait",
            "--wait-timeout",
            "9"
        )
        var request = command.request
        #expect(try #require(request.enqueuedAt) > Timestamp(seconds: 1_700_000_000))
        request.enqueuedAt = nil
        var expected = JobRequest(kind: .start, id: "j-1", gameID: "lobby")
        expected.queue = "urgent"
        expected.image = "engine:1"
        expected.env = ["A": "1"]
        expected.labels = ["team": "red"]
        expected.cmd = ["--port", "80"]
        expected.limits = JobRequest.Limits(cpuQuota: 0.5, memory: "1g", pidsLimit: 9)
        expected.bindMounts = [
            JobRequest.Mount(hostPath: "/a", mountPath: "/b"),
            JobRequest.Mount(hostPath: "/c", mountPath: "/d", readOnly: true),
        ]
        expected.pullPolicy = "never"
        expected.readyTimeoutSeconds = 60
        expected.deadline = Timestamp(rfc3339: "2026-05-04T03:02:01Z")
        expected.maxAttempts = 3
        #expect(request == expected)
        #expect(command.job.waiting == .seconds(9))
    }

    @Test("Arguments after -- are the command in the container")
    func commandAfterTerminator() throws {
        let command = try parse(StartCommand.self, "start", "g", "--image", "i", "--", "sh", "-c", "sleep 1")
        #expect(command.request.cmd == ["sh", "-c", "sleep 1"])
        #expect(command.job.waiting == nil)
    }

    @Test("The words after -- of a restart are the command in the container, and the words before are games")
    func restartWords() throws {
        let words = ["restart", "g", "h", "--wait", "--", "sh", "-c", "sleep 1", "--", "--x"]
        let rewritten = RestartCommand.rewritten(words)
        let command = try #require(try RootCommand.parseAsRoot(rewritten) as? RestartCommand)
        #expect(command.games.games.map(\.id) == ["g", "h"] && command.job.wait)
        #expect(command.request(of: "g").cmd == ["sh", "-c", "sleep 1", "--", "--x"])
        for other in [["start", "g", "--", "x"], ["restart", "g"], [], ["--", "restart"]] {
            #expect(RestartCommand.rewritten(other) == other)
        }
    }

    @Test("stop and remove put their arguments into the job")
    func stopAndRemove() throws {
        let id = String(repeating: "0a", count: 32)
        let stop = try parse(StopCommand.self, "stop", "g", "--stop-timeout", "0", "--container-id", id)
            .request(of: "g")
        #expect(
            stop.kind == .stop && stop.gameID == "g" && stop.stopTimeoutSeconds == 0 && stop.containerID?.text == id
        )
        let remove = try parse(RemoveCommand.self, "remove", "g", "--force", "--wait").request(of: "g")
        #expect(remove.kind == .remove && remove.force && remove.stopTimeoutSeconds == nil)
    }

    @Test("Each job without an id gets one")
    func newIDs() throws {
        let command = try parse(StopCommand.self, "stop", "g")
        #expect(command.request(of: "g").id != command.request(of: "g").id)
    }

    static let wrong = [
        ["nonsense"], ["start", "g"], ["start", "--image", "i"], ["start", "G", "--image", "i"], ["stop"],
        ["stop", "-g"], ["stop", "g-"], ["stop", "g", "--unknown"], ["stop", "g", "--stop-timeout", "601"],
        ["stop", "g", "--stop-timeout", "x"], ["stop", "g", "--container-id", "abc"],
        ["stop", "g", "--wait-timeout", "9"],
        ["stop", "g", "--id", "invalid:1"], ["stop", "g", "--id", "a b"], ["stop", "g", "--queue", "a{b"],
        ["stop", "g", "--deadline", "tomorrow"], ["stop", "g", "--max-attempts", "21"], ["stop", "g", "--force"],
        ["stop", "g", "--wait", "--wait-timeout", "0"], ["stop", String(repeating: "g", count: 52)],
        ["start", "g", "--image", ""], ["start", "g", "--image", "i", "--env", "A"],
        ["start", "g", "--image", "i", "--env", "1=2"], ["start", "g", "--image", "i", "--label", "=x"],
        ["start", "g", "--image", "i", "--mount", "a:/b"], ["start", "g", "--image", "i", "--mount", "/a"],
        ["start", "g", "--image", "i", "--mount", "/a:/b:rx"], ["start", "g", "--image", "i", "--memory", "5m"],
        ["start", "g", "--image", "i", "--cpus", "0"], ["start", "g", "--image", "i", "--pids", "0"],
        ["start", "g", "--image", "i", "--cpus", "nan"], ["start", "g", "--image", "i", "--pull-policy", "often"],
        ["start", "g", "--image", "i", "--ready-timeout", "-1"],
        ["start", "g", "--image", "i", "--cmd", "a", "--", "b"],
        ["start", "g", "--image", "i", "--output", "xml"], ["start", "g", "--image", "i", "--stop-timeout", "3"],
    ]

    @Test("Wrong use exits with 2", arguments: wrong)
    func wrongUse(arguments: [String]) {
        #expect(exitReason(arguments) == .wrongUse)
    }

    @Test(
        "Help and version exit with 0",
        arguments: [["--help"], ["--version"], ["start", "--help"], ["help", "stop"]]
    )
    func help(arguments: [String]) async throws {
        do {
            var command = try RootCommand.parseAsRoot(arguments)
            try command.run()
        } catch {
            #expect(RootCommand.exitReason(of: error) == .done)
            #expect(!RootCommand.fullMessage(for: error).isEmpty)
        }
    }

    @Test("Each kind of error has its exit code")
    func exitReasons() {
        #expect(RootCommand.exitReason(of: CommandError.failed("")) == .failed)
        #expect(RootCommand.exitReason(of: CommandError.wrongUse("")) == .wrongUse)
        #expect(RootCommand.exitReason(of: CommandError.outOfReach("")) == .outOfReach)
        #expect(RootCommand.exitReason(of: CancellationError()) == .failed)
        #expect(ExitReason.allCases.map(\.rawValue) == [0, 1, 2, 3, 130])
    }

    @Test("The help of every command fits a terminal and lists the exit codes")
    func helpTexts() {
        let commands: [any ParsableCommand.Type] =
            [RootCommand.self] + RootCommand.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        for command in commands {
            let help = RootCommand.helpMessage(for: command, includeHidden: true, columns: 80)
            #expect(help.contains(ExitReason.help), "\(command)")
            // A line of an example that is wrapped cannot be pasted.
            for example in command.configuration.discussion.split(separator: "\n") {
                #expect(help.contains(example), "\(command): \(example)")
            }
        }
    }

    @Test("The first byte = separates name and value, and labels with different bytes are different")
    func assignments() throws {
        let found = ["a==b", "a=\u{301}b", "\u{e9}=1", "e\u{301}=2", "a=3"].map { Assignment(argument: $0) }
        let assignments = try found.map { try #require($0) }
        #expect(assignments[0].value == "=b" && assignments[1].value == "\u{301}b")
        #expect(assignments.labels == ["a": "3", "\u{e9}": "1", "e\u{301}": "2"])
        for text in ["a", "=b", ""] { #expect(Assignment(argument: text) == nil) }
    }
}
