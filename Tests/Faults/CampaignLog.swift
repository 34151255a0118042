import Foundation
import JobContract
import Primitives
import Synchronization

@testable import Models
@testable import Support

/// What a campaign has done so far.
final class CampaignLog: Sendable {
    private struct Content {
        var pushes: [(push: History.Push, at: Timestamp)] = []
        var faults: [String: Int] = [:]
        var sizes: [(tail: PrivateRedis.Tail, at: Timestamp)] = []
        var forgotten: [ClosedRange<Timestamp>] = []
        var strict: [WorkerProcess] = []
        var labelled: Set<JobID> = []
    }

    private let content = Mutex(Content())

    static var now: Timestamp { Timestamp(nanosecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1e9)) }

    /// In the order in which they were taken, those that may be lost marked so.
    var pushes: [History.Push] {
        content.withLock { content in
            content.pushes.map { push, at in
                var push = push
                push.mayBeLost = push.mayBeLost || content.forgotten.contains { $0.contains(at) }
                return push
            }
        }
    }

    /// How often each fault was done.
    var faults: [String: Int] { content.withLock { $0.faults } }
    /// Times of which Redis may have forgotten everything.
    var forgotten: [ClosedRange<Timestamp>] { content.withLock { $0.forgotten } }

    /// Workers whose policy is stricter than the others'.
    var strict: [WorkerProcess] { content.withLock { $0.strict } }
    /// Jobs with labels that those do not allow.
    var labelled: Set<JobID> { content.withLock { $0.labelled } }

    func add(strict worker: WorkerProcess) { content.withLock { $0.strict.append(worker) } }
    func add(labelled id: JobID) { content.withLock { _ = $0.labelled.insert(id) } }
    /// A push that Redis has said to have taken.
    func add(_ push: History.Push) { content.withLock { $0.pushes.append((push, Self.now)) } }
    func add(fault: String) { content.withLock { $0.faults[fault, default: 0] += 1 } }
    /// All that was written from `begin` until now may be gone.
    func forget(since begin: Timestamp) { content.withLock { $0.forgotten.append(begin...Self.now) } }

    /// The file's length at a time that had come when it was looked at.
    func add(_ tail: PrivateRedis.Tail, at time: Timestamp) {
        content.withLock { content in
            content.sizes.append((tail, time))
            if content.sizes.count > 600 { content.sizes.removeFirst(300) }
        }
    }

    /// The latest look at the file that is at least so old.
    func look(before age: Duration) -> (tail: PrivateRedis.Tail, at: Timestamp)? {
        let limit = Self.now.advanced(by: .zero - age)
        return content.withLock { $0.sizes.last { $0.at < limit } }
    }
}

extension CampaignLog {
    /// As an operator does. Where the command fails, Redis may have done it nevertheless.
    func retryDeadLetter(of fleet: Fleet, _ random: inout SeededGenerator) async throws {
        guard let letters = try? await fleet.deadLetters(), let letter = letters.randomElement(using: &random),
            let id = letter["job_id"], let push = pushes.last(where: { $0.id.text == id })
        else { return }
        let output = try await fleet.run("dead", "retry", id)
        var retry = push
        retry.run = (letter["run"].flatMap { Int($0) } ?? 1) + 1
        retry.mayBeLost = output.exitCode != 0
        add(retry)
        add(fault: "deadRetried")
    }
}
