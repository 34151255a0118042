import ArgumentParser
import Foundation
import Support
import Testing

@testable import Commands
@testable import Terminal

@Suite("Help of the commands")
struct HelpTests {
    /// Every command that does something, by its words.
    static let commands: [[String]] = RootCommand.configuration.subcommands.flatMap { command in
        let name = command._commandName
        let children = command.configuration.subcommands
        let isRunnable = children.isEmpty || command is any RunnableCommand.Type
        return (isRunnable ? [[name]] : []) + children.map { [name, $0._commandName] }
    }

    @Test("the first page names every command with its purpose, on 80 columns")
    func root() {
        #expect(
            RootCommand.helpMessage(columns: 80) == """
                OVERVIEW: Runs one container per game, as jobs on Redis ask.

                Examples:
                  rtmanager demo
                  rtmanager worker --redis-url redis://127.0.0.1:6379
                  rtmanager start lobby --image registry.example/engine:1.4 --wait
                  rtmanager stop lobby --wait

                Exit codes: 0 done, 1 the operation failed, 2 wrong use,
                3 Redis or Docker out of reach.

                USAGE: rtmanager <subcommand>

                OPTIONS:
                  --version               Show the version.
                  -h, --help              Show help information.

                SUBCOMMANDS:
                  worker                  Run one worker until SIGTERM or SIGINT.
                  start                   Push a job that starts a game's container.
                  stop                    Push a job that stops a game's container.
                  remove                  Push a job that removes a game's container. Its state
                                          folder stays.
                  restart                 Push a job that stops, removes and starts a game's
                                          container.
                  status                  Show queues, nodes, running jobs and containers on
                                          one screen.
                  top                     Show jobs, games, queues and nodes on the whole
                                          screen, live, and act on them.
                  jobs                    List jobs: those that retry, run, wait or are dead,
                                          each with the reason.
                  job                     Show everything about a job: state, attempts, result,
                                          events.
                  game                    Show everything about a game: container, node, jobs,
                                          latest history.
                  history                 Show the results and events of a game, in order.
                  watch                   Follow results and events, one line each, until
                                          SIGINT or SIGTERM.
                  dead                    Show dead letters: rejected messages and failed jobs.
                                          Retry or drop them.
                  queue                   Show, pause and resume queues. Show and move their
                                          waiting messages.
                  node                    Show nodes, and take them out of service.
                  audit                   Show what people have done with the console and the
                                          command line, the newest first.
                  doctor                  Check everything that a worker needs, and say how to
                                          fix what is wrong.
                  bench                   Measure a worker beside a baseline: jobs, latency,
                                          containers, events, failover.
                  demo                    Show the lifecycle of some games, on a private Redis
                                          and the local Docker Engine.

                  See 'rtmanager help <subcommand>' for detailed help.
                """
        )
    }

    @Test("every command states its purpose and the exit codes, and fits 80 columns", arguments: commands)
    func every(words: [String]) throws {
        let help = try helpText(words, columns: 80)
        #expect(help.hasPrefix("OVERVIEW: "))
        #expect(
            help.contains("Exit codes: 0 done, 1 the operation failed, 2 wrong use,\n3 Redis or Docker out of reach.")
        )
        for line in help.split(separator: "\n") where !line.hasPrefix("USAGE:") {
            // A long name of a flag stands on a line of its own.
            #expect(line.count <= 80, "\(line)")
        }
    }

    @Test("every flag and argument of every command has a help text", arguments: commands)
    func flags(words: [String]) throws {
        // A long name of a flag stands on a line of its own.
        let help = try helpText(words, columns: 400).replacing(#/\n {20,}/#, with: " ")
        let lines = help.split(separator: "\n").filter { $0.hasPrefix("  -") || $0.hasPrefix("  <") }
        #expect(lines.count > 2 || words == ["bench"])
        for line in lines { #expect(line.contains(#/^  \S.*? [A-Z(]/#), "\(line)") }
    }

    @Test("an example in a help is a call that the program takes", arguments: commands + [[]])
    func examples(words: [String]) throws {
        let help = try helpText(words, columns: 200)
        for line in help.split(separator: "\n") {
            guard let start = line.firstRange(of: "rtmanager "), line.hasPrefix("  "), !line.contains("See '") else {
                continue
            }
            var arguments = line[start.upperBound...].split(separator: " ").map(String.init)
            if let script = arguments.firstIndex(of: "'sleep") { arguments[script...] = ["sleep 600"] }
            // A shell takes the quotes of a pattern away.
            arguments = arguments.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "'")) }
            #expect(throws: Never.self, "\(line)") {
                try RootCommand.parseAsRoot(RestartCommand.rewritten(arguments))
            }
        }
    }

    @Test("a default in words is the default", arguments: ["start", "stop", "remove", "restart"])
    func defaults(name: String) throws {
        let help = try helpText([name], columns: 400)
        #expect(help.contains("Default: 5.") && help.contains("Default with --wait: 300."))
        let image = ["start"].contains(name) ? ["--image", "i"] : []
        let waiting = try RootCommand.parseAsRoot([name, "g", "--wait"] + image)
        let jobs: JobFlags? =
            switch waiting {
            case let command as StartCommand: command.job
            case let command as StopCommand: command.job
            case let command as RemoveCommand: command.job
            case let command as RestartCommand: command.job
            default: nil
            }
        #expect(try #require(jobs).waiting == .seconds(300))
    }
}

@Suite("Completions")
struct CompletionTests {
    @Test(
        "the script of each shell offers every command and every flag",
        arguments: [CompletionShell.bash, .zsh, .fish]
    )
    func complete(shell: CompletionShell) throws {
        let script = RootCommand.completionScript(for: shell)
        for words in HelpTests.commands {
            for word in words { #expect(script.contains(word), "\(words)") }
            let help = try helpText(words, columns: 400, includeHidden: false)
            for match in help.matches(of: #/(?m)^  --([a-z-]+)/#) {
                let flag = String(match.1)
                #expect(script.contains(shell == .fish ? "-l '\(flag)'" : "--\(flag)"), "\(words) --\(flag)")
            }
        }
        #expect(script.contains("if_missing") && script.contains("json"))
    }

    @Test("a shell without one is refused with the shells that have one")
    func unknown() {
        do {
            _ = try RootCommand.parseAsRoot(["--generate-completion-script", "csh"])
            Issue.record("csh is taken")
        } catch {
            let message = RootCommand.fullMessage(for: error)
            #expect(message.contains("csh") && message.contains("bash") && message.contains("fish"), "\(message)")
            #expect(RootCommand.exitReason(of: error) == .wrongUse)
        }
    }

    @Test("bash reads the script")
    func bash() async throws {
        let directory = try temporaryDirectory("completion")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let script = RootCommand.completionScript(for: .bash)
        try Data(script.utf8).write(to: URL(fileURLWithPath: directory + "/script"))
        // The words that bash offers after `rtmanager dead `.
        let ask = """
            . \(directory)/script
            COMP_WORDS=(rtmanager dead ''); COMP_CWORD=2; COMP_LINE='rtmanager dead '; COMP_POINT=16
            $(complete -p rtmanager | sed 's/.*-F \\([^ ]*\\).*/\\1/') rtmanager '' dead; echo "${COMPREPLY[@]}"
            """
        let offered = try await Tool.run(["bash", "-c", ask]).split(whereSeparator: \.isWhitespace)
        for word in ["list", "show", "retry", "drop", "--help"] {
            #expect(offered.contains(Substring(word)), "\(offered)")
        }
    }
}
