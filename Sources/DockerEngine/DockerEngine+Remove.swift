import DockerPort
import NIOHTTP1

extension DockerEngine {
    package func remove(_ container: String) async throws(DockerError) {
        let id: String
        do throws(DockerError) {
            id = try await resolved(container, operation: "remove")
        } catch {
            if error.code == .containerNotFound { return }
            throw error
        }
        try await remove(id: id, caller: "remove")
    }

    /// Removes the container with `DELETE /containers/{id}?force=1&v=1`, and returns after the container is gone.
    func remove(id: String, caller: String) async throws(DockerError) {
        // The kernel can release a mount a little later than the Docker Engine expects. Then try again.
        for pause in [Duration.milliseconds(200), .milliseconds(600)] {
            do throws(DockerError) {
                return try await removeOnce(id, caller: caller)
            } catch {
                guard error.status == 500, error.message.contains("device or resource busy") else { throw error }
                try await self.pause(pause, operation: caller)
            }
        }
        try await removeOnce(id, caller: caller)
    }

    private func removeOnce(_ id: String, caller: String) async throws(DockerError) {
        let request = EngineRequest(
            .remove,
            .DELETE,
            ["containers", id],
            query: [("force", "1"), ("v", "1")],
            deadline: configuration.deadlines.remove,
            lane: .long,
            caller: caller
        )
        let answer: EngineAnswer
        do throws(DockerError) {
            answer = try await transport.send(request)
        } catch {
            guard error.mayHaveHappened, error.code != .cancelled, try await isGone(id, else: error) else {
                throw error
            }
            return
        }
        switch answer.status {
        case 204, 404: return
        case 409 where answer.text.contains("in progress"): try await waitUntilGone(id, caller: caller)
        default:
            let refusal = DockerError.answer(.remove, status: answer.status, body: answer.text, caller: caller)
            guard refusal.code == .containerNotFound else { throw refusal }
        }
    }

    /// Waits for the end of a removal that another client began.
    private func waitUntilGone(_ id: String, caller: String) async throws(DockerError) {
        let patience = PollSchedule(limit: configuration.deadlines.removeInProgress)
        while let pause = patience.pause(at: .now) {
            let late = DockerError(.timeout, operation: caller, message: "remove: no answer", retryable: true)
            if try await isGone(id, else: late) { return }
            try await self.pause(pause, operation: caller)
        }
        throw DockerError(
            .timeout,
            operation: caller,
            message: "remove: a removal that was in progress already is not over yet",
            retryable: true,
            mayHaveHappened: true
        )
    }

    private func isGone(_ id: String, else failure: DockerError) async throws(DockerError) -> Bool {
        do throws(DockerError) {
            _ = try await inspected(id, caller: failure.operation)
            return false
        } catch {
            if error.code == .containerNotFound { return true }
            throw error.code == .unavailable ? failure : error
        }
    }
}
