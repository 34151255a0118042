import Primitives

/// The end of a job, as reported by its worker. The publishing script adds the facts that Redis has about the job.
public struct JobEnding: Sendable, Equatable {
    public var outcome: JobOutcome
    public var effect: JobEffect
    public var errorCode: ErrorCode?
    /// A sentence for a person, at most 1,024 bytes.
    public var error: String? { didSet { error = error?.cut(toBytes: Sentence.maximumBytes) } }
    public var containerID: ContainerID?
    public var containerName: String?
    public var engineEndpoint: String?
    /// The start time of the container, by the clock of the Docker Engine.
    public var startedAt: Timestamp?
    /// Whether a stop needed SIGKILL.
    public var forced: Bool

    public init(
        _ outcome: JobOutcome,
        effect: JobEffect = .none,
        errorCode: ErrorCode? = nil,
        error: String? = nil,
        containerID: ContainerID? = nil,
        containerName: String? = nil,
        engineEndpoint: String? = nil,
        startedAt: Timestamp? = nil,
        forced: Bool = false
    ) {
        self.outcome = outcome
        self.effect = effect
        self.errorCode = errorCode
        self.error = error?.cut(toBytes: Sentence.maximumBytes)
        self.containerID = containerID
        self.containerName = containerName
        self.engineEndpoint = engineEndpoint
        self.startedAt = startedAt
        self.forced = forced
    }

    /// Returns the ending of a failed job.
    public static func failed(_ code: ErrorCode, _ error: String) -> JobEnding {
        JobEnding(.failed, errorCode: code, error: error)
    }
}

/// An entry of the stream of results, for its consumers.
public struct JobResult: Sendable, Equatable {
    /// The fields as written, with unknown fields.
    public var fields: [String: String]

    public init(fields: [String: String]) { self.fields = fields }

    /// - Parameter pairs: Names and values in turn, as in a reply of Redis.
    public init(pairs: [String]) {
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: pairs.count - 1, by: 2) { fields[pairs[index]] = pairs[index + 1] }
        self.fields = fields
    }

    public var jobID: JobID { JobID(fields["job_id"] ?? "") }
    public var kind: JobKind? { fields["kind"].flatMap(JobKind.init(rawValue:)) }
    public var gameID: GameID? { fields["game_id"].map { GameID($0) } }
    public var outcome: JobOutcome? { fields["outcome"].flatMap(JobOutcome.init(rawValue:)) }
    public var effect: JobEffect? { fields["effect"].flatMap(JobEffect.init(rawValue:)) }
    public var errorCode: String? { fields["error_code"] }
    public var error: String? { fields["error"] }
    public var containerID: ContainerID? { fields["container_id"].map { ContainerID($0) } }
    public var engineEndpoint: String? { fields["engine_endpoint"] }
    public var succeeded: Bool { outcome == .succeeded }
}
