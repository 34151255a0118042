import DockerPort
import Primitives

extension RunAttempt {
    /// Removes the attempt's container.
    ///
    /// - Returns: `cause`, with `mayHaveHappened` set if the container could not be removed.
    func undo(_ id: ContainerID, _ cause: DockerError) async -> DockerError {
        await withinBudget(cause) { () throws(DockerError) in
            try await engine.remove(id: id.text, caller: "run")
            return .nothingLeft
        }
    }

    /// Removes the container of a create without a known id.
    ///
    /// The function looks for a container with the spec's name. The container must have all labels of the spec, and
    /// must never have run, because the attempt has not started the container.
    ///
    /// - Parameter mayComeLater: whether the Docker Engine may still be creating the container. The Docker Engine
    ///   continues a create after its client has left, and until the end an inspection finds no container.
    func undoUnknown(_ cause: DockerError, mayComeLater: Bool) async -> DockerError {
        await withinBudget(cause) { () throws(DockerError) in
            let found: ContainerAnswer
            do throws(DockerError) {
                found = try await engine.inspected(spec.name, caller: "run")
            } catch {
                guard error.code == .containerNotFound else { throw error }
                return mayComeLater ? .lookAgain : .nothingLeft
            }
            // Without labels, nothing identifies the container's creator.
            let labels = found.labels ?? [:]
            let isOurs = !spec.labels.isEmpty && labels.hasAll(of: spec.labels)
            guard isOurs else { return spec.labels.isEmpty ? .somethingLeft : .nothingLeft }
            guard found.inspect.status == "created" else { return .somethingLeft }
            try await engine.remove(id: found.id, caller: "run")
            return .nothingLeft
        }
    }

    private enum Remainder: Sendable {
        case nothingLeft, somethingLeft, lookAgain
    }

    /// Repeats `step` until the step knows what is left, or fails for good, or the time for cleaning up is over.
    private func withinBudget(
        _ cause: DockerError,
        _ step: @escaping @Sendable () async throws(DockerError) -> Remainder
    ) async -> DockerError {
        let budget = engine.configuration.deadlines.cleanup
        let remainder: Remainder
        do {
            remainder = try await withDeadline(budget) { try await Self.repeated(step, for: budget) }
        } catch {
            remainder = .somethingLeft
        }
        var error = cause
        error.mayHaveHappened = remainder != .nothingLeft
        return error
    }

    private static func repeated(
        _ step: @Sendable () async throws(DockerError) -> Remainder,
        for budget: Duration
    ) async throws -> Remainder {
        let backoff = PollSchedule(limit: budget, longest: .seconds(1))
        while let pause = backoff.pause(at: .now) {
            do throws(DockerError) {
                let remainder = try await step()
                if remainder != .lookAgain { return remainder }
            } catch {
                guard error.retryable || error.code == .unavailable else { return .somethingLeft }
            }
            try await Task.sleep(for: pause)
        }
        return .somethingLeft
    }
}
