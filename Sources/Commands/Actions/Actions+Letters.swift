import JobContract
import JobQueue
import Pages
import QueueAdmin
import Settings
import Terminal

// Commands for many dead letters at once.
extension Actions {
    /// What happens to dead letters.
    enum LetterAction: String, Sendable {
        case retry, drop

        /// The outcome for one letter, in words.
        func done(_ letter: DeadLetter) -> String {
            switch self {
            case .retry: "\(letter.jobID) will run again"
            case .drop: "\(letter.jobID) is dropped"
            }
        }

        /// The outcome for a number of letters, in words.
        func done(_ count: Int) -> String {
            switch self {
            case .retry: ShortCount.text(count, "dead job will run again", "dead jobs will run again")
            case .drop: ShortCount.text(count, "dead letter is dropped", "dead letters are dropped")
            }
        }

        /// The outcome for one letter, for machines.
        func fields(_ letter: DeadLetter) -> [String: String] {
            switch self {
            case .retry: ["job_id": letter.jobID.text, "run": "\(letter.run + 1)"]
            case .drop: ["job_id": letter.jobID.text, "entry": letter.entry]
            }
        }
    }

    /// The greatest number of dead letters that a command acts on at once.
    private static let mostLetters = 10_000

    static func act(
        _ action: LetterAction,
        on choice: LetterFlags,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let decoder = JobDecoder(signer: try context.settings.signer())
        let (count, failures) = try await withUsedQueue(context) { queue in
            if choice.names.count == 1, !choice.dryRun {
                let letter = try await resolve(letter: choice.names[0], queue)
                try await audited(
                    action.rawValue,
                    auditTarget(letter),
                    queue,
                    context.logger.forCommand,
                    outcome: { action.done(letter) },
                    { try await act(action, letter, choice.names[0], queue, decoder) }
                )
                tell(action.done(letter), output, action.fields(letter))
                return (0, [BulkProgress.Failure]())
            }
            var failures: [BulkProgress.Failure] = []
            let list = try await letters(choice, queue, decoder, &failures)
            if choice.dryRun {
                show(list, action, output)
                return (0, failures)
            }
            let letters = ShortCount.text(list.jobs.count, "dead letter", "dead letters")
            let agreed = choice.yes || !choice.names.isEmpty || list.jobs.isEmpty
            try await Confirmation.require("\(action.rawValue) \(letters)", isGiven: agreed)
            let before = failures.count
            let count = try await audited(
                choice.all ? "\(action.rawValue)-all" : action.rawValue,
                auditTarget(list, isAll: choice.all),
                queue,
                context.logger.forCommand,
                outcome: { outcome(of: action, $0, failures.dropFirst(before)) },
                {
                    if action == .drop, choice.all { return try await queue.dropAll() }
                    return try await act(action, list, output, queue, decoder, &failures)
                }
            )
            return (count, failures)
        }
        if choice.names.count == 1, failures.isEmpty || choice.dryRun { return }
        if choice.dryRun, failures.isEmpty { return }
        try report(choice.dryRun ? nil : count, failures, action, output)
    }

    /// Returns the letters that the arguments name or choose. A name without a letter is a failure.
    private static func letters(
        _ choice: LetterFlags,
        _ queue: JobQueue,
        _ decoder: JobDecoder,
        _ failures: inout [BulkProgress.Failure]
    ) async throws -> JobList {
        guard !choice.names.isEmpty else {
            let list = try await queue.jobs(choice.filter, limit: mostLetters, decoder: decoder)
            guard list.jobs.isEmpty, !choice.all else { return list }
            throw CommandError.failed(noLetter(codes: try await letterCodes(queue)))
        }
        var letters: [DeadLetter] = []
        for name in choice.names {
            do {
                let letter = try await resolve(letter: name, queue)
                if !letters.contains(where: { $0.entry == letter.entry }) { letters.append(letter) }
            } catch let CommandError.failed(why) {
                failures.append(BulkProgress.Failure(name: name, jobID: JobID(name), why: why))
            }
        }
        var list = JobList()
        list.now = try await queue.redisTime()
        list.jobs = try await queue.listed(letters, decoder)
        return list
    }

    /// Returns the error codes among the newest dead letters.
    static func letterCodes(_ queue: JobQueue) async throws -> [String] {
        var codes: Set<String> = []
        var before: String?
        var searched = 0
        while searched < mostLetters {
            let page = try await queue.deadLetters(limit: 100, before: before)
            guard let last = page.last else { break }
            codes.formUnion(page.map(\.errorCode))
            before = last.entry
            searched += page.count
        }
        return codes.sorted()
    }

    /// The sentence for a choice without a letter. A code that nobody has is probably a mistyped one.
    static func noLetter(codes: [String]) -> String {
        guard !codes.isEmpty else { return "there are no dead letters" }
        let shown = codes.prefix(20).map { EscapedText.cut($0, to: 64) }.joined(separator: ", ")
        return "no dead letter matches; the letters have these codes: \(shown)\(codes.count > 20 ? ", and more" : "")"
    }

    private static func show(_ list: JobList, _ action: LetterAction, _ output: OutputFormat) {
        if output == .json {
            for job in list.jobs { StandardOutput.write(line: JobListPage.json(job).line) }
            return
        }
        let count = ShortCount.text(list.jobs.count, "dead letter", "dead letters")
        StandardOutput.write(line: "would \(action.rawValue) \(count)\(list.jobs.isEmpty ? "" : ":")")
        for line in JobListPage(list).deadLines(on: .standardOutput) { StandardOutput.write(line: line) }
    }

    /// Acts on each letter. Returns how many it was done to.
    private static func act(
        _ action: LetterAction,
        _ list: JobList,
        _ output: OutputFormat,
        _ queue: JobQueue,
        _ decoder: JobDecoder,
        _ failures: inout [BulkProgress.Failure]
    ) async throws -> Int {
        var count = 0
        for case .dead(let letter) in list.jobs.map(\.source) {
            do {
                try await act(action, letter, letter.jobID.text, queue, decoder)
                count += 1
                if output == .json { StandardOutput.write(line: JSONNode.strings(action.fields(letter)).line) }
            } catch let CommandError.failed(why) {
                failures.append(BulkProgress.Failure(name: letter.entry, jobID: letter.jobID, why: why))
            }
        }
        return count
    }

    private static func report(
        _ count: Int?,
        _ failures: [BulkProgress.Failure],
        _ action: LetterAction,
        _ output: OutputFormat
    ) throws(CommandError) {
        if let count {
            let word = action == .drop ? "dropped" : "retried"
            tell(
                action.done(count),
                output,
                [word: "\(count)", "failed": failures.isEmpty ? nil : "\(failures.count)"].compactMapValues { $0 }
            )
        }
        guard !failures.isEmpty else { return }
        if output == .text {
            let table = BulkProgress.table(failures, of: "LETTER")
            for line in table.lines(on: .standardOutput, things: "letters") { StandardOutput.write(line: line) }
        }
        throw .failed("\(ShortCount.text(failures.count, "letter was", "letters were")) not done")
    }

    /// Retries or drops a letter.
    ///
    /// - Parameter name: How the person has named the letter.
    private static func act(
        _ action: LetterAction,
        _ letter: DeadLetter,
        _ name: String,
        _ queue: JobQueue,
        _ decoder: JobDecoder
    ) async throws {
        do {
            switch action {
            case .retry: try await queue.retry(letter, named: name, decoder: decoder)
            case .drop: try await queue.drop(letter, named: name)
            }
        } catch let refusal as LetterRefusal {
            throw CommandError.failed(refusal.description)
        }
    }
}
