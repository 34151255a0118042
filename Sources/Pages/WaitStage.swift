import JobContract
import JobQueue
import QueueAdmin
import Terminal

/// The stage of a job, for a person in wait of the result.
package enum WaitStage: Sendable, Equatable {
    /// No worker has taken in the job. The reason is nil if the job only waits for its turn.
    case queued(waiting: Int, WaitReason? = nil)
    /// Other jobs of the same game come first.
    case behind(Int, head: JobID)
    /// The job can begin, on the node of its game or on any node. The reason is nil if only a permit or capacity is missing.
    case ready(node: NodeID?, WaitReason? = nil)
    /// An attempt runs. The first attempt has the number 1.
    case running(node: NodeID, JobProgress?, attempt: Int = 1)
    /// An attempt failed. The next attempt follows after a pause in milliseconds.
    case retrying(code: String, error: String, in: Int64)
    case ended

    package init(_ sight: JobDetail) {
        switch sight.state {
        case .running?:
            self = .running(
                node: NodeID(sight.fields["_node"] ?? ""),
                sight.progress,
                attempt: sight.fields["_attempts"].flatMap { Int($0) } ?? 1
            )
        case .retrying?:
            self = .retrying(
                code: sight.fields["_error_code"] ?? "",
                error: sight.fields["_error"] ?? "",
                // Negative if the next attempt is due, but no worker has begun yet.
                in: max(0, (sight.due ?? sight.now) - sight.now)
            )
        case .waiting?:
            if let before = sight.before, before > 0 {
                self = .behind(before, head: sight.head ?? "")
            } else {
                // The list's name is ready:CLASS:QUEUE[:NODE]. A node's id may hold colons.
                let parts = (sight.list ?? "").split(separator: ":", maxSplits: 3).map(String.init)
                self = .ready(node: parts.count == 4 ? NodeID(parts[3]) : nil, .ofReadyJob(sight))
            }
        case .done?, .dead?, nil: self = .ended
        }
    }

    /// The stage in words.
    package var phrase: String {
        switch self {
        case .queued(_, let reason?): "waits: \(reason.phrase)"
        case .queued(let waiting, nil):
            waiting > 1 ? "in its queue, with \(ShortCount.text(waiting - 1, "other", "others"))" : "in its queue"
        case .behind(1, let head): WaitReason.behind(head).phrase
        case .behind(let count, let head): "\(WaitReason.behind(head).phrase), with \(count) jobs of its game before it"
        case .ready(let node?, let reason?): "waits: \(reason.phrase) (\(node), where its game is)"
        case .ready(nil, let reason?): "waits: \(reason.phrase)"
        case .ready(nil, nil): "waits for a worker with a free permit"
        case .ready(let node?, nil): "waits for a free permit on node \(node), where its game is"
        case .running(let node, nil, let attempt):
            attempt > 1 ? "attempt \(attempt), on node \(node)" : "begun on node \(node)"
        case .running(_, let progress?, let attempt):
            (attempt > 1 ? "attempt \(attempt): " : "") + ProgressText.phrase(progress)
        case .retrying(let code, let error, let pause):
            "failed (\(code): \(EscapedText.cut(error, to: 120))); \(WaitReason.retry(pause).phrase)"
        case .ended: "ended"
        }
    }

    /// The identity of the stage as news. Stages with the same key differ only in amounts: bytes, seconds, waiting
    /// jobs.
    package var key: String {
        switch self {
        case .queued(_, nil): "queued"
        case .running(_, let progress?, let attempt):
            "running \(attempt) \(progress.step.rawValue) \(progress.layersDone)/\(progress.layers)"
        case .retrying(let code, let error, _): "retrying \(code) \(error)"
        case .ready(let node?, .nodeSilent): "silent \(node)"
        default: phrase
        }
    }

    /// Returns the stage as a single line of a terminal, with a bar during a pull.
    package func line(width: Int) -> String {
        var line = EscapedText.escape(phrase, quotes: false)
        if case .running(_, let progress?, _) = self, let bar = ProgressText.bar(progress, width: 24) {
            line = "\(bar) \(line)"
        }
        return TextTable.cut(line, to: width)
    }
}
