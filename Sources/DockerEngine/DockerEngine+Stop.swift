import DockerPort
import NIOHTTP1
import Primitives

extension DockerEngine {
    package func stop(_ container: String, timeout: Duration) async throws(DockerError) -> StopOutcome {
        let id = try await resolved(container, operation: "stop")
        let seconds = Self.wholeSeconds(timeout)
        let request = EngineRequest(
            .stop,
            .POST,
            ["containers", id, "stop"],
            query: [("t", "\(seconds)")],
            deadline: .seconds(seconds) + configuration.deadlines.stopSlack,
            lane: .long
        )
        let begun = ContinuousClock.now
        do throws(DockerError) {
            let answer = try await transport.send(request, expecting: 204, 304)
            if answer.status == 304 { return StopOutcome(alreadyStopped: true) }
        } catch {
            return try await recovered(id, after: error)
        }
        // Measured by the worker's clock. If the container ended before the time-out, the stop cannot have killed the
        // container.
        guard ContinuousClock.now - begun >= .seconds(seconds) else { return StopOutcome() }
        return StopOutcome(forced: try await wasKilled(id))
    }

    /// Returns the time in whole seconds from 0 to 600. Rounds up, because a shorter time would kill the container too
    /// early.
    static func wholeSeconds(_ timeout: Duration) -> Int64 {
        let (seconds, attoseconds) = timeout.components
        return min(max(seconds + (attoseconds > 0 ? 1 : 0), 0), 600)
    }

    /// Returns whether SIGKILL ended the container: exit code 137 is 128 plus the signal's number. After the stop's
    /// time has passed, only the stop itself sends SIGKILL.
    private func wasKilled(_ id: String) async throws(DockerError) -> Bool {
        do throws(DockerError) {
            let inspect = try await inspected(id, caller: "stop").inspect
            return inspect.exitCode == 137 && !inspect.isRunning
        } catch {
            // The container has stopped, and another client has removed the container.
            if error.code == .containerNotFound { return false }
            throw error
        }
    }

    /// Finds the outcome of a stop without an answer.
    ///
    /// The Docker Engine continues a stop after its client has left, so the function does not send the stop again.
    /// Instead, the function inspects the container. If the stop's deadline has passed and the container still runs,
    /// the function kills the container.
    private func recovered(_ id: String, after failure: DockerError) async throws(DockerError) -> StopOutcome {
        guard failure.mayHaveHappened, failure.code != .cancelled else { throw failure }
        if let outcome = try await ended(id, else: failure) { return outcome }
        guard failure.code == .timeout else { throw failure }
        do throws(DockerError) {
            try await sendKill(id, signal: "SIGKILL", caller: "stop")
        } catch {
            guard error.code == .containerNotRunning || error.mayHaveHappened else { throw error }
        }
        let patience = PollSchedule(limit: configuration.deadlines.kill)
        while let pause = patience.pause(at: .now) {
            if let outcome = try await ended(id, else: failure) { return outcome }
            try await self.pause(pause, operation: "stop")
        }
        throw DockerError(
            .timeout,
            operation: "stop",
            message: "stop: the container still runs after SIGKILL and \(configuration.deadlines.kill.shortText)",
            retryable: true,
            mayHaveHappened: true
        )
    }

    /// Returns how the container ended; nil if the container still runs.
    private func ended(_ id: String, else failure: DockerError) async throws(DockerError) -> StopOutcome? {
        do throws(DockerError) {
            let inspect = try await inspected(id, caller: "stop").inspect
            return inspect.isRunning ? nil : StopOutcome(forced: inspect.exitCode == 137)
        } catch {
            // The stop's own error says more than another `unavailable`.
            throw error.code == .unavailable ? failure : error
        }
    }

    /// Sleeps for `duration`. Throws ``DockerPort/DockerError/Code/cancelled`` if the task is cancelled.
    func pause(_ duration: Duration, operation: String) async throws(DockerError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw DockerError(
                .cancelled,
                operation: operation,
                message: "\(operation): cancelled",
                mayHaveHappened: true
            )
        }
    }
}
