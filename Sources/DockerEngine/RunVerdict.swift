import DockerPort
import Primitives

/// What a start has come to, from the Engine's answer to it and from a look at the container.
enum RunVerdict: Equatable {
    /// It runs as asked.
    case running(since: Timestamp)
    /// Its process started and has ended: the container stays, for its logs.
    case endedAtOnce(DockerError)
    /// It does not run, or not as asked: the container goes.
    case undo(DockerError)

    /// - Parameters:
    ///   - startFailure: why the start failed, or may have; nil where the Engine said that it did not.
    ///   - seen: the container after that, or why it could not be looked at.
    ///   - asked: what was asked for.
    ///   - body: the same in the Engine's form.
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
        return .running(since: startedAt)
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
    /// A failure of a run that the Engine did not tell as such.
    static func run(_ code: Code, _ message: String, retryable: Bool = false) -> DockerError {
        DockerError(code, operation: "run", message: message, retryable: retryable)
    }
}
