import DockerPort
import Primitives

/// The result of a start, derived from the Docker Engine's answer and an inspection of the container.
enum RunVerdict: Equatable {
    /// The container runs as requested.
    case running(since: Timestamp, hostPort: Int?)
    /// The process started and ended. The container stays for its logs.
    case endedAtOnce(DockerError)
    /// The container does not run, or differs from the request. The attempt removes the container.
    case undo(DockerError)

    /// - Parameters:
    ///   - startFailure: the error of the start request; nil if the Docker Engine reported success.
    ///   - seen: the inspected container, or the error of the inspection.
    ///   - asked: the requested spec.
    ///   - body: the body of the create request for the same spec.
    init(startFailure: DockerError?, seen: Result<ContainerAnswer, DockerError>, asked: RunSpec, body: CreateBody) {
        switch seen {
        case .failure(let error):
            self = .undo(startFailure ?? error)
        case .success(let answer) where answer.inspect.isRunning:
            self = Self.judgeRunning(answer, asked: asked, body: body)
        case .success(let answer):
            self = Self.judgeEnded(answer, startFailure: startFailure)
        }
    }

    private static func judgeRunning(_ answer: ContainerAnswer, asked: RunSpec, body: CreateBody) -> RunVerdict {
        if let difference = answer.limits.difference(from: body.limits) {
            return .undo(.run(.engineError, "the Engine did not apply the limits as asked: \(difference)"))
        }
        if let difference = answer.difference(from: asked, ulimits: body.hostConfig.ulimits) {
            return .undo(.run(.engineError, "the Engine did not make the container as asked: \(difference)"))
        }
        guard let startedAt = answer.inspect.startedAt else {
            return .undo(.run(.invalidAnswer, "the Engine does not say when the container started"))
        }
        let hostPort = answer.inspect.hostPorts[asked.enginePort]?.port
        if asked.published != nil, hostPort == nil {
            return .undo(
                .run(.startFailed, "the Engine did not publish port \(asked.enginePort); the network may publish none")
            )
        }
        return .running(since: startedAt, hostPort: asked.published == nil ? nil : hostPort)
    }

    private static func judgeEnded(_ answer: ContainerAnswer, startFailure: DockerError?) -> RunVerdict {
        let inspect = answer.inspect
        let reason = answer.state?.error.flatMap { $0.isEmpty ? nil : ": " + $0 } ?? ""
        guard inspect.startedAt != nil else {
            return .undo(
                startFailure ?? .run(.startFailed, "the container is \(inspect.status) after its start\(reason)")
            )
        }
        var error = DockerError.run(
            .startFailed,
            "\(inspect.endedSentence), right after its start\(reason); the container stays for its logs"
        )
        error.containerID = inspect.id
        return .endedAtOnce(error)
    }
}

extension DockerError {
    /// Creates the error of a failed run, if the error does not come from an answer of the Docker Engine.
    static func run(_ code: Code, _ message: String, retryable: Bool = false) -> DockerError {
        DockerError(code, operation: "run", message: message, retryable: retryable)
    }
}
