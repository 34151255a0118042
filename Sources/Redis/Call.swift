import NIOCore
import Synchronization

/// One waiting caller: what it asked, until when it waits, and the continuation that ends its wait.
///
/// Ended exactly once, by whoever is first: the reply, the clock, the connection's end, or a cancellation.
final class Call: Sendable {
    /// What a caller gets: one reply for a command, as many as it has commands for a pipeline.
    enum Reply: Sendable {
        case single(RedisValue)
        case pipeline([RedisValue])
    }

    typealias Outcome = Result<Reply, RedisError>

    /// What is to be written.
    enum Content: Sendable {
        case single(RedisCommand)
        case pipeline([RedisCommand])
    }

    private enum State {
        case created
        case waiting(CheckedContinuation<Outcome, Never>)
        case written(CheckedContinuation<Outcome, Never>)
        case ended
    }

    let content: Content
    let deadline: NIODeadline
    private let state = Mutex(State.created)

    init(_ content: Content, timeout: Duration) {
        self.content = content
        self.deadline = .now() + TimeAmount(timeout)
    }

    /// Whether the caller gets error replies as values.
    var isPipeline: Bool {
        if case .pipeline = content { true } else { false }
    }

    /// How many replies it takes.
    var commands: Int {
        switch content {
        case .single: 1
        case .pipeline(let commands): commands.count
        }
    }

    /// About how many bytes it takes on the wire.
    var size: Int {
        switch content {
        case .single(let command): command.size
        case .pipeline(let commands): commands.reduce(0) { $0 + $1.size }
        }
    }

    /// What was asked, for messages: never the arguments, which may be secret.
    var name: String {
        switch content {
        case .single(let command): command.name
        case .pipeline(let commands): "a pipeline of \(commands.count) commands (\(commands.first?.name ?? "none"), …)"
        }
    }

    /// Waits for the end, after `submit` has handed this over to the writer. A cancelled task stops waiting at once.
    func outcome(submit: (Call) -> Void) async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if begin(continuation) {
                    submit(self)
                } else {
                    continuation.resume(returning: .failure(.cancelled(mayHaveHappened: false)))
                }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Whether somebody still waits; from now on the command counts as written.
    func beginWriting() -> Bool {
        state.withLock { state in
            guard case .waiting(let continuation) = state else { return false }
            state = .written(continuation)
            return true
        }
    }

    /// Ends the wait; nothing where it has ended.
    func end(_ outcome: Outcome) {
        take()?.continuation.resume(returning: outcome)
    }

    private func cancel() {
        guard let (continuation, written) = take() else { return }
        continuation.resume(returning: .failure(.cancelled(mayHaveHappened: written)))
    }

    /// `false` where the task was cancelled before it began to wait.
    private func begin(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        state.withLock { state in
            guard case .created = state else { return false }
            state = .waiting(continuation)
            return true
        }
    }

    /// Takes the continuation out under the lock; it is resumed outside.
    private func take() -> (continuation: CheckedContinuation<Outcome, Never>, written: Bool)? {
        state.withLock { state in
            defer { state = .ended }
            return switch state {
            case .created, .ended: nil
            case .waiting(let continuation): (continuation, false)
            case .written(let continuation): (continuation, true)
            }
        }
    }
}
