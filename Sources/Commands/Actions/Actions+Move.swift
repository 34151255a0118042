import JobContract
import JobQueue
import Pages
import Primitives
import QueueAdmin
import Settings
import Synchronization
import Terminal

/// Moving the messages of a queue without a worker.
extension Actions {
    /// The greatest number of messages in a dry run.
    private static let mostRead = 1_000
    /// The longest time of a move.
    private static let longestMove = Duration.seconds(300)

    static func move(_ move: QueueMove, _ output: OutputFormat, _ context: CommandContext) async throws(CommandError) {
        let decoder = JobDecoder(signer: try context.settings.signer())
        try await withUsedQueue(context) { queue in
            let found = try await queue.movable(from: move.source, limit: move.dryRun ? mostRead : 0)
            try await check(move, found, queue)
            let (target, _) = try await queue.state(of: move.target)
            if move.dryRun {
                let now = try await queue.redisTime()
                let page = MovePage(from: move.source, found, to: target, decoder, now: now)
                return show(page.json, page.lines(on: .standardOutput), output)
            }
            guard target.workers > 0 || move.yes else { throw unserved(move, try await queue.queuesOfWorkers()) }
            let messages = ShortCount.text(found.count, "message", "messages")
            let action = "move \(messages) from \(MovePage.shown(move.source)) to \(move.target)"
            try await Confirmation.require(action, isGiven: move.yes)
            let outcome = MoveOutcome(from: move.source, to: target, wanted: found.count)
            let done = try await perform(outcome, queue, output, context)
            show(done.json, done.lines(on: .standardOutput), output)
        }
    }

    private static func show(_ json: JSONNode, _ lines: [TerminalText], _ output: OutputFormat) {
        for line in output == .json ? [json.line] : lines { StandardOutput.write(line: line) }
    }

    /// Throws if the messages need no move, or if there are none.
    private static func check(_ move: QueueMove, _ found: MovableMessages, _ queue: JobQueue) async throws {
        let name = MovePage.shown(move.source)
        if let worker = found.workers.first {
            let more = found.workers.count > 1 ? " (and \(found.workers.count - 1) more)" : ""
            throw CommandError.failed(
                "worker \(worker)\(more) serves queue \(name) and takes its messages; "
                    + "`rtmanager queue list` says why they wait"
            )
        }
        guard found.count == 0 else { return }
        let others = try await queue.queuesWithoutWorker().prefix(10).map(MovePage.shown).joined(separator: ", ")
        let hint = others.isEmpty ? "no queue without a worker has one" : "queues without a worker: \(others)"
        throw CommandError.failed("no message waits in queue \(name); \(hint)")
    }

    private static func unserved(_ move: QueueMove, _ lists: [[String]]) -> CommandError {
        let served = QueueOrder(lists).names.prefix(10).joined(separator: ", ")
        return .failed(
            "no worker serves queue \(move.target), so the messages would wait there, too; served queues: "
                + "\(served.isEmpty ? "none" : served). --yes moves them all the same"
        )
    }

    /// Moves the messages, and adds the outcome to `{ns}:audit`, also after a signal or a failure.
    private static func perform(
        _ begun: MoveOutcome,
        _ queue: JobQueue,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws -> MoveOutcome {
        let state = MoveState(begun)
        let display = CountingLine(isShown: output == .text)
        defer { display.clear() }
        try await audited(
            "move",
            "\(begun.source) to \(begun.target.name)",
            queue,
            context.logger.forCommand,
            outcome: { state.outcome.sentence },
            {
                do {
                    // A cancelled call would move messages that nobody counts.
                    try await hearingSignals(state.interrupt) { try await moveAll(state, queue, display) }
                } catch {
                    throw failure(error, state.outcome)
                }
            }
        )
        guard !state.isInterrupted else { throw CommandError.interrupted("interrupted: \(state.outcome.sentence)") }
        var done = state.outcome
        done.left = try await queue.depth(of: begun.source).waiting
        return done
    }

    /// Moves as many messages as there were in the beginning, or fewer if none is left.
    private static func moveAll(_ state: MoveState, _ queue: JobQueue, _ display: CountingLine) async throws {
        let end = ContinuousClock.now + longestMove
        var outcome = state.outcome
        while outcome.moved < outcome.wanted, !state.isInterrupted {
            guard ContinuousClock.now < end else {
                throw CommandError.failed("Redis takes longer than \(longestMove.shortText)")
            }
            let left = outcome.wanted - outcome.moved
            let some = try await queue.move(from: outcome.source, to: outcome.target.name, most: left)
            // Another person may move the same messages.
            if some == 0 { return }
            outcome.moved += some
            state.outcome = outcome
            let (moved, wanted) = (TextTable.grouped(outcome.moved), TextTable.grouped(outcome.wanted))
            display.show("move: \(moved) of \(wanted) messages")
        }
    }

    /// Returns an error with the number of moved messages. The number lacks a call without a reply.
    private static func failure(_ error: any Error, _ outcome: MoveOutcome) -> CommandError {
        let reason = error as? CommandError ?? outOfReach(error)
        let text = "\(outcome.sentence), and the rest stays there: \(reason); the same command moves the rest"
        if case .outOfReach = reason { return .outOfReach(text) }
        return .failed(text)
    }
}

/// The progress of a move, for the task of the move and the task of the signals.
private final class MoveState: Sendable {
    private let state: Mutex<(outcome: MoveOutcome, isInterrupted: Bool)>

    init(_ outcome: MoveOutcome) { state = Mutex((outcome, false)) }

    var outcome: MoveOutcome {
        get { state.withLock { $0.outcome } }
        set { state.withLock { $0.outcome = newValue } }
    }

    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

    @Sendable func interrupt() { state.withLock { $0.isInterrupted = true } }
}
