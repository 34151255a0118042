import DockerPort
import Logging
import Synchronization

/// Watches whether the node's Engine answers. While it does not, the worker takes no jobs: an outage of
/// the Engine is no job's fault.
final class EngineWatch: Sendable {
    private let docker: any DockerClient
    private let logger: Logger
    private let answers = Mutex(true)
    private let asked = Signal()
    /// Raised whenever the Engine comes back.
    let cameBack: Signal

    init(docker: any DockerClient, logger: Logger, cameBack: Signal) {
        self.docker = docker
        self.logger = logger
        self.cameBack = cameBack
    }

    var engineAnswers: Bool { answers.withLock { $0 } }

    /// A call has found the Engine out of reach: nothing is taken until a look says otherwise.
    func foundOutOfReach() {
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
        while !Task.isCancelled {
            await look()
            await asked.wait(atMost: engineAnswers ? .seconds(5) : .milliseconds(500))
        }
    }

    private func look() async {
        var problem: DockerError?
        do throws(DockerError) {
            try await docker.ping()
        } catch {
            guard error.code != .cancelled else { return }
            problem = error
        }
        let answersNow = problem == nil
        RuntimeMetrics.engine(isUp: answersNow)
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
