import JobContract
import JobQueue
import Terminal

/// What is happening to a job that somebody waits for.
package enum WaitStage: Sendable, Equatable {
    /// No worker has taken it in.
    case queued(waiting: Int, isPaused: Bool)
    /// Other jobs of its game come first.
    case behind(Int, head: String)
    /// It could begin, on the node where its game is, or anywhere.
    case ready(node: String?)
    case running(node: String, JobProgress?)
    /// An attempt failed; the next comes in so many ms.
    case retrying(code: String, error: String, in: Int64)
    case ended

    package init(_ sight: JobSight) {
        switch sight.state {
        case .running?: self = .running(node: sight.fields["_node"] ?? "", sight.progress)
        case .retrying?:
            self = .retrying(
                code: sight.fields["_error_code"] ?? "",
                error: sight.fields["_error"] ?? "",
                in: max(0, (sight.due ?? sight.now) - sight.now)
            )
        case .waiting?:
            if let before = sight.before, before > 0 {
                self = .behind(before, head: sight.head ?? "")
            } else {
                // ready:CLASS:QUEUE[:NODE]; a node's id may have colons.
                let parts = (sight.list ?? "").split(separator: ":", maxSplits: 3).map(String.init)
                self = .ready(node: parts.count == 4 ? parts[3] : nil)
            }
        case .done?, .dead?, nil: self = .ended
        }
    }

    /// The stage in words.
    package var phrase: String {
        switch self {
        case .queued(_, true): "waits: its queue is paused"
        case .queued(let waiting, false):
            waiting > 1 ? "in its queue, with \(TextTable.grouped(waiting - 1)) others" : "in its queue"
        case .behind(1, let head): "queued behind job \(head) of its game"
        case .behind(let count, let head): "queued behind \(count) jobs of its game; \(head) comes first"
        case .ready(nil): "waits for a worker with a free permit or a node with room"
        case .ready(let node?): "waits for a free permit on node \(node), where its game is"
        case .running(let node, nil): "begun on node \(node)"
        case .running(_, let progress?): ProgressText.phrase(progress)
        case .retrying(let code, let error, let pause):
            "failed (\(code): \(EscapedText.cut(error, to: 120))); tried again in "
                + ShortTime.span(milliseconds: pause)
        case .ended: "ended"
        }
    }

    /// Two stages with the same key are the same news for who reads lines: bytes and seconds that go by are none.
    package var key: String {
        switch self {
        case .queued(_, let isPaused): "queued \(isPaused)"
        case .running(_, let progress?): "running \(progress.step.rawValue) \(progress.layersDone)/\(progress.layers)"
        case .retrying(let code, let error, _): "retrying \(code) \(error)"
        default: phrase
        }
    }

    /// The stage on one line of a terminal, with a bar where something is pulled.
    package func line(width: Int) -> String {
        var line = EscapedText.escape(phrase, quotes: false)
        if case .running(_, let progress?) = self, let bar = ProgressText.bar(progress, width: 24) {
            line = "\(bar) \(line)"
        }
        return TextTable.cut(line, to: width)
    }
}
