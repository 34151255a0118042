import NIOCore
import Synchronization

/// A caller that waits: the commands, the deadline, and the continuation of the caller.
///
/// A call ends exactly once. Whoever comes first ends the call: the reply, the deadline, the end of the connection, or
/// a cancellation.
final class Call: Sendable {
    /// The replies to a call: one for a single command, or one for each command of a pipeline.
    enum Reply: Sendable {
        case single(RedisValue)
        case pipeline([RedisValue])
    }

    typealias Outcome = Result<Reply, RedisError>

    /// The commands to write.
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

    /// Whether the caller receives error replies as values.
    var isPipeline: Bool {
        if case .pipeline = content { true } else { false }
    }

    /// The number of commands, and therefore of replies.
    var commands: Int {
        switch content {
        case .single: 1
        case .pipeline(let commands): commands.count
        }
    }

    /// The approximate size on the wire, in bytes.
    var size: Int {
        switch content {
        case .single(let command): command.size
        case .pipeline(let commands): commands.reduce(0) { $0 + $1.size }
        }
    }

    /// The command's name, for messages. Arguments never appear here, because arguments may be secret.
    var name: String {
        switch content {
        case .single(let command): command.name
        case .pipeline(let commands): "a pipeline of \(commands.count) commands (\(commands.first?.name ?? "none"), …)"
        }
    }

    /// Submits the call and waits for the outcome. A cancelled task stops waiting at once.
    ///
    /// - Parameter submit: hands the call over to the writer.
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

    /// Marks the command as written.
    ///
    /// - Returns: `false` if nobody waits for the reply any more; then the writer skips the command.
    func beginWriting() -> Bool {
        state.withLock { state in
            guard case .waiting(let continuation) = state else { return false }
            state = .written(continuation)
            return true
        }
    }

    /// Ends the wait with `outcome`. Does nothing if the wait has ended before.
    func end(_ outcome: Outcome) {
        take()?.continuation.resume(returning: outcome)
    }

    private func cancel() {
        guard let (continuation, written) = take() else { return }
        continuation.resume(returning: .failure(.cancelled(mayHaveHappened: written)))
    }

    /// Stores the continuation. Returns `false` if the task was cancelled before the wait began.
    private func begin(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        state.withLock { state in
            guard case .created = state else { return false }
            state = .waiting(continuation)
            return true
        }
    }

    /// Takes the continuation out of the state. The caller resumes the continuation without the lock.
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
