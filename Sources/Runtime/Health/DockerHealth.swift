import DockerPort
import Logging
import Primitives
import RuntimeCore
import Synchronization

/// Watches whether the node's Docker Engine answers. During an outage the worker claims no jobs, because the outage is
/// not a job's fault.
final class DockerHealth: Sendable {
    private struct Record {
        /// Number of consecutive pings without an answer.
        var misses = 0
        var lastAnswer = MonotonicClock.wallNow
        var lastAbsence: EngineAbsence?
        var lastRefusal: Timestamp?
        var lastShutdown: Timestamp?

        mutating func swept(_ answered: Bool, at now: Timestamp) {
            if answered {
                if misses > 0 { lastAbsence?.to = now }
                misses = 0
                lastAnswer = now
            } else {
                if misses == 0 { lastAbsence = EngineAbsence(from: lastAnswer) }
                misses += 1
            }
        }
    }

    private let docker: any DockerClient
    private let logger: Logger
    private let answers = Mutex(true)
    private let record = Mutex(Record())
    private let asked = WakeSignal()
    /// Raised whenever the Docker Engine answers again.
    let cameBack: @Sendable () -> Void
    /// Raised by each regular ping without an answer.
    let missed = WakeSignal()

    init(docker: any DockerClient, logger: Logger, cameBack: @escaping @Sendable () -> Void) {
        self.docker = docker
        self.logger = logger
        self.cameBack = cameBack
    }

    var engineAnswers: Bool { answers.withLock { $0 } }

    /// Number of consecutive pings without an answer.
    var misses: Int { record.withLock { $0.misses } }

    /// The latest absence of the Docker Engine seen by this worker.
    var lastAbsence: EngineAbsence? {
        record.withLock { record in
            var absence = record.lastAbsence
            if let shutdown = record.lastShutdown, absence?.covers(shutdown) == true { absence?.isShutdown = true }
            return absence
        }
    }

    /// Notes that the Docker Engine reports the end of a container, and refuses new connections.
    func noteShutdown() { record.withLock { $0.lastShutdown = MonotonicClock.wallNow } }

    /// The start of the latest ping refused at the Docker Engine's socket. A starting Docker Engine accepts connections
    /// long before it answers calls.
    var lastRefusal: Timestamp? { record.withLock { $0.lastRefusal } }

    /// Returns whether the Docker Engine is away. Called after a call without an answer, or with the answer
    /// "unavailable".
    ///
    /// Only a failed ping proves an outage: a single broken call must not delay the node's other jobs. After a failed
    /// ping the worker claims no job until a regular ping succeeds.
    func isEngineAway() async -> Bool {
        guard engineAnswers else { return true }
        let begin = MonotonicClock.wallNow
        do throws(DockerError) {
            try await docker.ping()
            return false
        } catch {
            // The worker is ending, and gives the job back.
            guard error.code != .cancelled else { return true }
            if error.code == .unavailable { record.withLock { $0.lastRefusal = begin } }
            foundOutOfReach()
            return true
        }
    }

    private func foundOutOfReach() {
        // Several jobs hit by the same outage count as a single missed ping.
        record.withLock { if $0.misses == 0 { $0.swept(false, at: MonotonicClock.wallNow) } }
        let changed = answers.withLock { answers in
            defer { answers = false }
            return answers
        }
        RuntimeMetrics.engine(isUp: false)
        if changed { logger.error("the Docker Engine is out of reach; the worker takes no jobs") }
        asked.raise()
    }

    /// Pings the Docker Engine until the task is cancelled: every 5 s, or every 0.5 s during an outage.
    /// ``RuntimeCore/DockerBackoff`` makes the pauses longer after repeated relapses.
    func run() async {
        var patience = DockerBackoff()
        while !Task.isCancelled {
            await look()
            if engineAnswers { patience.answered(now: MonotonicClock.now) }
            let wasAsked = await asked.wait(atMost: engineAnswers ? .seconds(5) : .milliseconds(500))
            if wasAsked, !engineAnswers {
                try? await MonotonicClock.sleep(for: patience.lost(now: MonotonicClock.now))
            }
        }
    }

    private func look() async {
        var problem: DockerError?
        let begin = MonotonicClock.wallNow
        do throws(DockerError) {
            try await docker.ping()
        } catch {
            guard error.code != .cancelled else { return }
            problem = error
        }
        let answersNow = problem == nil
        RuntimeMetrics.engine(isUp: answersNow)
        record.withLock {
            $0.swept(answersNow, at: MonotonicClock.wallNow)
            if problem?.code == .unavailable { $0.lastRefusal = begin }
        }
        if !answersNow { missed.raise() }
        let changed = answers.withLock { answers in
            defer { answers = answersNow }
            return answers != answersNow
        }
        guard changed else { return }
        if let problem {
            logger.error(
                "the Docker Engine does not answer; the worker takes no jobs",
                metadata: ["error": "\(problem.message)"]
            )
        } else {
            logger.notice("the Docker Engine answers again")
            cameBack()
        }
    }
}
