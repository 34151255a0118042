import JobContract
import Redis
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What follows the story of a demo that stays: commands for a person, and matches that start and end until a signal.
struct DemoStay: Sendable {
    /// The time between two rounds of matches.
    private static let pace = Duration.seconds(4)

    let stage: DemoStage
    let printer: DemoPrinter
    let redis: PatientRedis

    private var keys: Keyspace { Keyspace(namespace: stage.namespace) }

    /// Invites, then plays matches until the task is cancelled.
    ///
    /// - Throws: ``CommandError`` if Redis does not answer for five minutes.
    func run() async throws {
        printer.invite(console: "http://127.0.0.1:\(stage.consolePort)/", commands: commands)
        var matches = DemoMatches(image: stage.image)
        do {
            while true {
                let jobs = matches.next()
                for job in jobs {
                    _ = try await redis.send(RedisCommand("LPUSH", .string(keys.queue("default")), .string(job.json)))
                }
                try await Task.sleep(for: Self.pace)
                for job in jobs { try await untilEnded(job) }
            }
        } catch  where Task.isCancelled {
            printer.moral("The demo ends, and stops its games.")
        }
    }

    /// Waits until a job has ended. Jobs do not pile up behind a paused queue or a drained node.
    private func untilEnded(_ job: DemoJob) async throws {
        let command = RedisCommand("HEXISTS", .string("\(keys.prefix)job:\(job.id)"), "outcome")
        while try await redis.send(command).integer == 0 { try await Task.sleep(for: .milliseconds(500)) }
    }

    /// Five commands that work as they are, in any terminal of this machine.
    private var commands: [String] {
        let program = ShellWord.quoted(program)
        let redis = "--redis-url \(ShellWord.quoted(stage.redisURL)) --namespace \(stage.namespace)"
        return [
            "\(program) status \(redis)",
            "\(program) top \(redis)",
            "\(program) start mine --image \(stage.image) --wait \(redis)",
            "docker --host \(ShellWord.quoted(stage.dockerHost)) kill \(stage.namePrefix)lobby",
            "\(program) game lobby \(redis)",
        ]
    }

    /// This program, as a shell in any folder finds it.
    private var program: String {
        let called = CommandLine.arguments.first ?? "rtmanager"
        guard called.contains("/"), !called.hasPrefix("/") else { return called }
        return "\(FileManager.default.currentDirectoryPath)/\(called)"
    }
}
