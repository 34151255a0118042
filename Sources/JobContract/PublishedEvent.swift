import Primitives

/// One entry of the stream of events, as its readers see it.
public struct PublishedEvent: Sendable, Equatable {
    /// Fields as they were written; unknown ones included.
    public var fields: [String: String]

    public init(fields: [String: String]) { self.fields = fields }

    public var kind: LifecycleKind? { fields["event"].flatMap(LifecycleKind.init(rawValue:)) }
    public var gameID: String { fields["game_id"] ?? "" }
    /// Of the start that made the container.
    public var jobID: String { fields["job_id"] ?? "" }
    public var containerID: String { fields["container_id"] ?? "" }
    public var containerName: String { fields["container_name"] ?? "" }
    public var image: String { fields["image"] ?? "" }
    public var node: String { fields["node"] ?? "" }
    /// Fencing number of the term under which it was published; for a node it never goes back.
    public var epoch: Int64? { fields["epoch"].flatMap { Int64($0) } }
    /// Whether the listener found the step by looking.
    public var isReconciled: Bool { fields["source"] == "reconcile" }
    /// Of an exit.
    public var exitCode: Int? { fields["exit_code"].flatMap { Int($0) } }
    public var wasOOMKilled: Bool? { fields["oom_killed"].map { $0 == "true" } }
    public var reason: ExitReason? { fields["reason"].flatMap(ExitReason.init(rawValue:)) }
    /// The Engine's clock, as are the next two.
    public var startedAt: Timestamp? { time("started_at") }
    public var finishedAt: Timestamp? { time("finished_at") }
    public var occurredAt: Timestamp? { time("occurred_at") }
    /// Of an `oom` or a change of health: how many of Docker's events it stands for.
    public var count: Int? { fields["count"].flatMap { Int($0) } }
    public var labels: LabelMap { fields["labels"].flatMap(JSONText.strings) ?? [:] }

    private func time(_ name: String) -> Timestamp? { fields[name].flatMap { Timestamp(rfc3339: $0) } }
}
