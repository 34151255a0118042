import JobContract
import JobQueue
import Primitives
import QueueAdmin
import RuntimeClient
import Terminal

/// The page of `rtmanager job`.
package struct JobPage: Sendable, Equatable {
    package var id: JobID
    /// The job's data in Redis; nil: no worker has taken in the job.
    package var sight: JobDetail?
    /// The job's message in a queue; nil: a worker has taken in the message, or no queue has the message.
    package var queued: QueuedMessage?
    /// The job's dead letter, ready for a retry by a person; nil: there is none.
    package var dead: DeadLetter?
    /// The events of the containers started by the job, the oldest first.
    package var events: [StreamEntry] = []

    package init(
        id: JobID,
        sight: JobDetail? = nil,
        queued: QueuedMessage? = nil,
        dead: DeadLetter? = nil,
        events: [StreamEntry] = []
    ) {
        self.id = id
        self.sight = sight
        self.queued = queued
        self.dead = dead
        self.events = events
    }

    /// Returns the page as lines.
    package func lines(on surface: Surface) -> [TerminalText] {
        var lines = facts.lines(on: surface)
        if !events.isEmpty { lines += [""] + events.flatMap { EntryLine($0).lines(on: surface) } }
        return lines
    }

    /// What is known of the job, by name.
    package var facts: [PageFact] {
        var facts = [PageFact("job", .init(id.text, .heading))]
        if let queued { facts += Self.facts(of: queued) }
        if let sight { facts += Self.facts(of: sight) }
        if let dead {
            let text = "since \(dead.diedAt); rtmanager dead retry \(id), or dead drop"
            facts.append(PageFact("dead", .init(text, .notable)))
        }
        return facts
    }

    private static func facts(of queued: QueuedMessage) -> [PageFact] {
        let message = EscapedText.cut(String(decoding: queued.message, as: UTF8.self), to: 2_000)
        return [PageFact("state", .init(queued.sentence, .notable)), PageFact("message", .init(message))]
    }

    private static func facts(of sight: JobDetail) -> [PageFact] {
        let fields = sight.fields
        var facts: [PageFact] = []
        func add(_ name: String, _ value: String?, _ style: TextStyle = .plain, link: TextTable.Link? = nil) {
            if let value, !value.isEmpty { facts.append(PageFact(name, .init(value, style, link: link))) }
        }
        func time(_ field: String) -> String? {
            fields[field].flatMap { Int64($0) }.map { ShortTime.stamp(Timestamp(millisecondsSinceEpoch: $0)) }
        }
        add(
            "asks for",
            [fields["kind"], fields["game_id"]].compactMap { $0 }.joined(separator: " of "),
            link: fields["game_id"].map { .game($0) }
        )
        let result = JobResult(fields: fields)
        if result.outcome != nil {
            add("ended", result.sentence, result.succeeded ? .good : .bad)
        } else {
            let stage = WaitStage(sight)
            add("state", "\(fields["state"] ?? "?"): \(stage.phrase)", .notable)
        }
        add("queue", fields["_queue"])
        add("attempts", attempts(fields))
        add("run", fields["run"] ?? fields["_run"].flatMap { $0 == "1" ? nil : $0 })
        add("pushed", fields["enqueued_at"] ?? fields["_enqueued_at"])
        add("deadline", time("_deadline"))
        add("taken", fields["taken_at"] ?? fields["_taken_at"])
        add("finished", fields["finished_at"])
        add("worker", fields["worker"] ?? fields["_worker"])
        let node = fields["node"] ?? fields["_node"]
        add("node", node.map(ShortID.node), link: node.map { .node($0) })
        if sight.state == .running, let until = sight.leaseUntil {
            add("lease", until > sight.now ? "for \(ShortTime.span(milliseconds: until - sight.now))" : "has run out")
        }
        add("worker deaths", fields["_crashes"], .bad)
        if fields["_cancel"] == "1" { add("cancelled", "a later stop of the game wants it to be undone", .notable) }
        if result.outcome == nil { add("last error", lastError(fields), .bad) }
        add("traceparent", fields["traceparent"] ?? fields["_traceparent"])
        return facts
    }

    private static func attempts(_ fields: [String: String]) -> String? {
        guard let made = fields["attempts"] ?? fields["_attempts"] else { return nil }
        return fields["_most"].map { "\(made) of \($0)" } ?? made
    }

    private static func lastError(_ fields: [String: String]) -> String? {
        fields["_error_code"].map { "\($0): \(fields["_error"] ?? "")" }
    }

    /// The page for machines.
    package var json: JSONNode {
        .object([
            ("job_id", .string(id.text)),
            ("state", .string(sight?.fields["state"] ?? "queued")),
            ("queue", (queued?.queue ?? sight?.fields["_queue"]).map { .string($0) }),
            ("before", (queued?.before ?? sight?.before).map { .integer($0) }),
            ("stage", (queued?.phrase ?? sight.map { WaitStage($0).phrase }).map { .string($0) }),
            ("fields", sight.map { .strings($0.fields) }),
            ("message", message.map { .string(String(decoding: $0, as: UTF8.self)) }),
            ("dead_entry", dead.map { .string($0.entry) }),
            ("events", .array(events.map(\.json))),
        ])
    }

    var message: [UInt8]? { queued?.message ?? dead?.message ?? sight?.message }
}
