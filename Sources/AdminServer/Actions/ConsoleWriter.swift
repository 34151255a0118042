import JobContract
import JobQueue
import Logging
import Primitives
import QueueAdmin
import RuntimeClient
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Does what people ask for with the console, and writes down who did what.
package struct ConsoleWriter: Sendable {
    /// The largest number of letters in one action.
    private static let mostLetters = 2_000
    private static let lettersAtOnce = 100

    private let queue: JobQueue
    private let client: RuntimeClient
    private let decoder: JobDecoder
    private let logger: Logger

    package init(queue: JobQueue, client: RuntimeClient, decoder: JobDecoder, logger: Logger) {
        self.queue = queue
        self.client = client
        self.decoder = decoder
        self.logger = logger
    }

    /// Does an action, and returns what has come of it, a sentence a line.
    ///
    /// The outcome is on `{ns}:audit` and in the log, also if the action failed.
    package func perform(_ action: ConsoleAction, by person: Person) async -> ActionOutcome {
        let outcome: ActionOutcome
        do {
            outcome = try await act(action)
        } catch {
            outcome = ActionOutcome(lines: ["nothing is known of the outcome: \(error)"], hasFailed: true)
        }
        let entry = AuditEntry(
            who: person.name,
            address: person.address,
            worker: queue.worker.id,
            action: action.word,
            target: action.subject,
            outcome: outcome.lines.joined(separator: "; ")
        )
        logger.notice(
            "a person used the console",
            metadata: [
                "who": "\(entry.who)", "address": "\(entry.address)", "action": "\(entry.action)",
                "target": "\(entry.target.cut(toBytes: 200))", "outcome": "\(entry.outcome.cut(toBytes: 200))",
            ]
        )
        do {
            try await queue.record(entry)
        } catch {
            logger.warning("the audit misses an action", metadata: ["error": "\(error)"])
        }
        return outcome
    }

    private func act(_ action: ConsoleAction) async throws -> ActionOutcome {
        switch action {
        case .retry(let entries): return try await letters(entries, "retried") { try await retry($0) }
        case .drop(let entries):
            return try await letters(entries, "dropped") { try await queue.drop($0, named: $0.entry) }
        case .retryAll(let filter): return try await letters(that: filter, "retried") { try await retry($0) }
        case .dropAll(let filter):
            return try await letters(that: filter, "dropped") { try await queue.drop($0, named: $0.entry) }
        case .change(let change): return try await make(change)
        case .stop(let game): return try await push(JobRequest.stop(game, id: newID))
        case .restart(let game): return try await push(JobRequest.restart(game, id: newID))
        case .remove(let game): return try await push(JobRequest.remove(game, force: true, id: newID))
        }
    }

    private func make(_ change: ServiceChange) async throws -> ActionOutcome {
        if case .pause(let name) = change, try await !queue.knownQueues().contains(name) {
            return .failed("queue \(name) is not known")
        }
        if case .drain(let node) = change, try await !queue.knows(node: node) {
            return .failed("node \(node) is not known")
        }
        return .done(change.sentence(isNew: try await queue.make(change)))
    }

    private var newID: JobID { JobID(UUID().uuidString.lowercased()) }

    /// Pushes a job to the queue of the game's last job: jobs of one game keep their order in one queue only.
    private func push(_ request: JobRequest) async throws -> ActionOutcome {
        var request = request
        let detail = try await queue.game(request.gameID)
        if let name = detail.head?.fields["queue"] {
            request.queue = name
        } else if let last = detail.status?.jobID, let name = try await queue.sight(of: last)?.fields["queue"] {
            request.queue = name
        }
        try await client.enqueue(request)
        var outcome = ActionOutcome.done("job \(request.id) is queued in \(request.queue)")
        outcome.job = request.id
        return outcome
    }

    private func retry(_ letter: DeadLetter) async throws {
        try await queue.retry(letter, named: letter.entry, decoder: decoder)
    }

    private func letters(
        _ entries: [String],
        _ done: String,
        _ change: (DeadLetter) async throws -> Void
    ) async throws -> ActionOutcome {
        var tally = LetterTally(done: done)
        for entry in entries {
            if let letter = try await queue.deadLetter(named: entry, searched: 0) {
                try await tally.add(letter, change)
            } else {
                tally.refused(entry, "it is no longer there")
            }
        }
        return tally.outcome
    }

    /// Changes the letters that a filter chooses, the oldest of them too, up to a bound. Letters that arrive meanwhile
    /// are newer than the first page, so none is met twice.
    private func letters(
        that filter: DeadFilter,
        _ done: String,
        _ change: (DeadLetter) async throws -> Void
    ) async throws -> ActionOutcome {
        var tally = LetterTally(done: done)
        var before: String?
        var searched = 0
        while searched < Self.mostLetters {
            let page = try await queue.deadLetters(limit: Self.lettersAtOnce, before: before)
            for letter in page where filter.matches(code: letter.errorCode, queue: letter.queue) {
                try await tally.add(letter, change)
            }
            guard let last = page.last else { return tally.outcome }
            before = last.entry
            searched += page.count
        }
        tally.isCut = true
        return tally.outcome
    }
}

/// Who uses the console.
package struct Person: Sendable, Equatable {
    /// Empty: unknown.
    package var name: String
    package var address: String

    package init(name: String, address: String) {
        self.name = name
        self.address = address
    }
}

/// What has come of an action.
package struct ActionOutcome: Sendable, Equatable {
    /// Sentences for a person.
    package var lines: [String]
    package var hasFailed = false
    /// The pushed job; nil: none.
    package var job: JobID?

    package init(lines: [String], hasFailed: Bool = false) {
        self.lines = lines
        self.hasFailed = hasFailed
    }

    static func done(_ line: String) -> ActionOutcome { ActionOutcome(lines: [line]) }
    static func failed(_ line: String) -> ActionOutcome { ActionOutcome(lines: [line], hasFailed: true) }
}

/// Counts what has come of an action on dead letters, with the first refusals.
struct LetterTally: Equatable {
    private static let mostRefusals = 20

    /// The word for what was done: `retried`.
    var done: String
    var count = 0
    var refusals: [String] = []
    var refusedCount = 0
    /// Whether there may be more matching letters.
    var isCut = false

    init(done: String) { self.done = done }

    mutating func add(_ letter: DeadLetter, _ change: (DeadLetter) async throws -> Void) async throws {
        do {
            try await change(letter)
            count += 1
        } catch let refusal as LetterRefusal {
            refused(letter.jobID.text, refusal.description)
        }
    }

    mutating func refused(_ name: String, _ reason: String) {
        refusedCount += 1
        if refusals.count < Self.mostRefusals { refusals.append("\(name): \(reason)") }
    }

    var outcome: ActionOutcome {
        var lines = ["\(ShortCount.text(count, "dead letter is", "dead letters are")) \(done)"]
        if refusedCount > 0 { lines.append("\(ShortCount.text(refusedCount, "was", "were")) not:") }
        lines += refusals
        if refusedCount > refusals.count { lines.append("and \(refusedCount - refusals.count) more") }
        if isCut { lines.append("there may be more that match: repeat the action") }
        return ActionOutcome(lines: lines, hasFailed: count == 0 && refusedCount > 0)
    }
}
