import JobQueue

extension JobQueue {
    /// A look at what is due by a worker whose Engine answers, and that has found no silence.
    package func tick() async throws(QueueError) -> TickOutcome {
        try await tick(engineAnswers: true, afterSilence: false)
    }
}
