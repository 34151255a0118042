import DockerPort
import NIOHTTP1

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
        // The time counts on this side: what ended before it had passed cannot have been killed for it.
        guard ContinuousClock.now - begun >= .seconds(seconds) else { return StopOutcome() }
        return StopOutcome(forced: try await wasKilled(id))
    }

    /// Whole seconds as the Engine takes them, rounded up: less time than asked for would be a kill too early.
    static func wholeSeconds(_ timeout: Duration) -> Int64 {
        let (seconds, attoseconds) = timeout.components
        return min(max(seconds + (attoseconds > 0 ? 1 : 0), 0), 600)
    }

    /// Whether the container, which has ended, did so by SIGKILL: 137 is 128 and the number of the signal. With a
    /// container that outlived its time, nobody but the stop sends it.
    private func wasKilled(_ id: String) async throws(DockerError) -> Bool {
        do throws(DockerError) {
            let inspect = try await inspected(id, caller: "stop").inspect
            return inspect.exitCode == 137 && !inspect.isRunning
        } catch {
            // It is stopped, and someone has removed it since.
            if error.code == .containerNotFound { return false }
            throw error
        }
    }

    /// What became of a stop whose answer did not come. The Engine carries a stop on when its client leaves, so it
    /// is not sent again: the container is looked at, and killed where it is the Engine's stop that hangs.
    private func recovered(_ id: String, after failure: DockerError) async throws(DockerError) -> StopOutcome {
        guard failure.mayHaveHappened, failure.code != .cancelled else { throw failure }
        if let outcome = try await ended(id, else: failure) { return outcome }
        guard failure.code == .timeout else { throw failure }
        do throws(DockerError) {
            try await sendKill(id, signal: "SIGKILL", caller: "stop")
        } catch {
            guard error.code == .containerNotRunning || error.mayHaveHappened else { throw error }
        }
        let patience = Backoff(limit: configuration.deadlines.kill)
        while let pause = patience.pause(at: .now) {
            if let outcome = try await ended(id, else: failure) { return outcome }
            try await self.pause(pause, operation: "stop")
        }
        throw DockerError(
            .timeout,
            operation: "stop",
            message: "stop: the container still runs after SIGKILL and \(configuration.deadlines.kill)",
            retryable: true,
            mayHaveHappened: true
        )
    }

    /// How the container ended; nil where it still runs.
    private func ended(_ id: String, else failure: DockerError) async throws(DockerError) -> StopOutcome? {
        do throws(DockerError) {
            let inspect = try await inspected(id, caller: "stop").inspect
            return inspect.isRunning ? nil : StopOutcome(forced: inspect.exitCode == 137)
        } catch {
            // What the stop itself met says more than that the Engine does not answer now either.
            throw error.code == .unavailable ? failure : error
        }
    }

    /// Waits, where the task is not cancelled.
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
