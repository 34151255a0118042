import JobContract
import Pages
import RuntimeClient
import Terminal

/// The results of many jobs that a command waits for.
struct BulkProgress: Sendable, Equatable {
    /// A thing for which the command did not do what it should.
    struct Failure: Sendable, Equatable {
        var name: String
        var jobID: JobID
        var why: String
    }

    let kind: JobKind
    private(set) var pending: [JobID: GameID]
    private(set) var succeeded = 0
    private(set) var failures: [Failure] = []

    init(kind: JobKind, pending: [JobID: GameID] = [:]) {
        self.kind = kind
        self.pending = pending
    }

    var isDone: Bool { pending.isEmpty }
    var hasFailed: Bool { !failures.isEmpty }
    private var total: Int { pending.count + succeeded + failures.count }

    /// Counts a result, unless nobody waits for it.
    mutating func take(_ result: JobResult) {
        guard let game = pending.removeValue(forKey: result.jobID) else { return }
        guard !result.succeeded else {
            succeeded += 1
            return
        }
        let why = [result.errorCode, result.error].compactMap { $0 }.joined(separator: ": ")
        let word = result.outcome?.rawValue ?? "unknown"
        failures.append(Failure(name: game.text, jobID: result.jobID, why: why.isEmpty ? word : why))
    }

    /// Counts the jobs without a result as failures.
    mutating func giveUp(_ why: String) {
        for (id, game) in pending.sorted(by: { $0.value < $1.value }) {
            failures.append(Failure(name: game.text, jobID: id, why: why))
        }
        pending = [:]
    }

    /// The counting line, such as `stop: 7 of 12 done, 1 failed`.
    var line: String {
        let done = "\(kind.rawValue): \(TextTable.grouped(succeeded)) of \(TextTable.grouped(total)) done"
        return failures.isEmpty ? done : done + ", \(TextTable.grouped(failures.count)) failed"
    }

    /// The failures as a table.
    static func table(_ failures: [Failure], of heading: String) -> TextTable {
        var table = TextTable([.init(heading, least: 12), .init("JOB", least: 8), .init("WHY", wraps: true)])
        table.rows = failures.map {
            [.init($0.name), .init(ShortID.text($0.jobID.text), link: .job($0.jobID.text)), .init($0.why, .bad)]
        }
        return table
    }
}
