import DockerPort
import Logging
import Primitives
import RuntimeCore
import Synchronization

/// Watches whether the node's Engine answers. While it does not, the worker takes no jobs: an outage of
/// the Engine is no job's fault.
final class EngineWatch: Sendable {
    private struct Record {
        /// Looks in a row that were not answered.
        var misses = 0
        var lastAnswer = MonotonicClock.wallNow
        var lastAbsence: EngineAbsence?
        var lastRefusal: Timestamp?

        mutating func looked(_ answered: Bool, at now: Timestamp) {
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
    private let asked = Signal()
    /// Raised whenever the Engine comes back.
    let cameBack: Signal
    /// Raised with each look that was not answered.
    let missed = Signal()

    init(docker: any DockerClient, logger: Logger, cameBack: Signal) {
        self.docker = docker
        self.logger = logger
        self.cameBack = cameBack
    }

    var engineAnswers: Bool { answers.withLock { $0 } }

    /// Looks in a row that were not answered.
    var misses: Int { record.withLock { $0.misses } }

    /// The last time in which the Engine did not answer, as far as this worker has seen.
    var lastAbsence: EngineAbsence? { record.withLock { $0.lastAbsence } }

    /// When a look last found nobody at the Engine's socket. One that starts takes calls long before it answers them.
    var lastRefusal: Timestamp? { record.withLock { $0.lastRefusal } }

    /// Whether the Engine is away, after a call that no answer came to, or that it answered as unavailable. Only a ping
    /// that fails says so: one broken call must not keep the node's other jobs waiting. Then nothing is taken until a look
    /// says otherwise.
    func isEngineAway() async -> Bool {
        guard engineAnswers else { return true }
        let begin = MonotonicClock.wallNow
        do throws(DockerError) {
            try await docker.ping()
            return false
        } catch {
            // A worker that ends meanwhile gives the job back.
            guard error.code != .cancelled else { return true }
            if error.code == .unavailable { record.withLock { $0.lastRefusal = begin } }
            foundOutOfReach()
            return true
        }
    }

    private func foundOutOfReach() {
        // Several jobs that meet one outage are one look.
        record.withLock { if $0.misses == 0 { $0.looked(false, at: MonotonicClock.wallNow) } }
        let changed = answers.withLock { answers in
            defer { answers = false }
            return answers
        }
        RuntimeMetrics.engine(isUp: false)
        if changed { logger.error("the Docker Engine is out of reach; no jobs are taken") }
        asked.raise()
    }

    /// Looks every few seconds until the task is cancelled.
    func run() async {
        var patience = EnginePatience()
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
            $0.looked(answersNow, at: MonotonicClock.wallNow)
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
                "the Docker Engine does not answer; no jobs are taken",
                metadata: ["error": "\(problem.message)"]
            )
        } else {
            logger.notice("the Docker Engine answers again")
            cameBack.raise()
        }
    }
}
