import Primitives

/// An entry of the stream of events, for its consumers.
public struct PublishedEvent: Sendable, Equatable {
    /// The fields as written, with unknown fields.
    public var fields: [String: String]

    public init(fields: [String: String]) { self.fields = fields }

    public var kind: LifecycleKind? { fields["event"].flatMap(LifecycleKind.init(rawValue:)) }
    public var gameID: GameID { GameID(fields["game_id"] ?? "") }
    /// The id of the start or restart that created the container.
    public var jobID: JobID { JobID(fields["job_id"] ?? "") }
    public var containerID: ContainerID { ContainerID(fields["container_id"] ?? "") }
    public var containerName: String { fields["container_name"] ?? "" }
    public var image: String { fields["image"] ?? "" }
    public var node: NodeID { NodeID(fields["node"] ?? "") }
    /// The epoch of the publishing term. The epochs of a node never decrease.
    public var epoch: Int64? { fields["epoch"].flatMap { Int64($0) } }
    /// Whether the leader found the step by inspecting the container.
    public var isReconciled: Bool { fields["source"] == "reconcile" }
    /// The exit code of an `exited` event.
    public var exitCode: Int? { fields["exit_code"].flatMap { Int($0) } }
    public var wasOOMKilled: Bool? { fields["oom_killed"].map { $0 == "true" } }
    public var reason: ExitReason? { fields["reason"].flatMap(ExitReason.init(rawValue:)) }
    /// The start time. All three times are of the Docker Engine's clock.
    public var startedAt: Timestamp? { time("started_at") }
    public var finishedAt: Timestamp? { time("finished_at") }
    public var occurredAt: Timestamp? { time("occurred_at") }
    /// For `oom`, `healthy` and `unhealthy`: the number of merged Docker events.
    public var count: Int? { fields["count"].flatMap { Int($0) } }
    public var labels: LabelMap { fields["labels"].flatMap(JSONText.strings) ?? [:] }

    private func time(_ name: String) -> Timestamp? { fields[name].flatMap { Timestamp(rfc3339: $0) } }
}
