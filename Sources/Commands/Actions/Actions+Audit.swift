import JobQueue
import Logging
import Primitives
import QueueAdmin

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The person at the command line, for `{ns}:audit`.
struct CommandUser: Sendable, Equatable {
    var name: String
    /// The name of the person's machine.
    var host: String

    /// - Parameters:
    ///   - environment: The environment of the process. `sudo` names the person there.
    ///   - login: The name of the process' user.
    init(environment: [String: String], login: String, host: String) {
        let sudo = environment["SUDO_USER"] ?? ""
        name = sudo.isEmpty ? login : sudo
        self.host = host
    }

    static var current: CommandUser {
        let process = ProcessInfo.processInfo
        return CommandUser(environment: process.environment, login: process.userName, host: process.hostName)
    }
}

// Commands write down who did what, as the console does.
extension Actions {
    /// Does an action, and adds its outcome to `{ns}:audit`, also if the action failed.
    ///
    /// - Parameters:
    ///   - action: The console's word for the action.
    ///   - outcome: Returns the outcome of the action, in words.
    static func audited<Value>(
        _ action: String,
        _ target: String,
        _ queue: JobQueue,
        _ logger: Logger,
        outcome: (Value) -> String,
        _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            let value = try await body()
            await audit(action, target, outcome(value), queue, logger)
            return value
        } catch {
            await audit(action, target, "\(error)", queue, logger)
            throw error
        }
    }

    /// Makes a change, and adds its outcome to `{ns}:audit`. Returns whether anything has changed.
    static func audited(_ change: ServiceChange, _ queue: JobQueue, _ context: CommandContext) async throws -> Bool {
        try await audited(
            change.word,
            change.target,
            queue,
            context.logger.forCommand,
            outcome: { change.sentence(isNew: $0) },
            { try await queue.make(change) }
        )
    }

    /// Adds an entry to `{ns}:audit`. The action has happened, so a missing entry is no failure of the command.
    static func audit(_ action: String, _ target: String, _ outcome: String, _ queue: JobQueue, _ logger: Logger) async
    {
        let user = CommandUser.current
        let entry = AuditEntry(
            who: user.name,
            address: user.host,
            worker: "",
            action: action,
            target: target,
            outcome: outcome
        )
        do {
            try await queue.record(entry)
        } catch {
            logger.warning("the audit misses this action", metadata: ["error": "\(error)"])
        }
    }

    /// Returns the target of an action on a dead letter: its entry and its job. A drop deletes the entry.
    static func auditTarget(_ letter: DeadLetter) -> String { "\(letter.entry) \(letter.jobID)" }

    /// Returns the target of an action on many dead letters.
    static func auditTarget(_ list: JobList, isAll: Bool) -> String {
        if isAll { return "all dead letters" }
        let names = list.jobs.compactMap { job -> String? in
            guard case .dead(let letter) = job.source else { return nil }
            return auditTarget(letter)
        }
        return names.joined(separator: ", ")
    }

    /// Returns the outcome of an action on many dead letters, with the failures.
    static func outcome(
        of action: LetterAction,
        _ count: Int,
        _ failures: ArraySlice<BulkProgress.Failure>
    ) -> String {
        ([action.done(count)] + failures.map { "\($0.name): \($0.why)" }).joined(separator: "; ")
    }
}
