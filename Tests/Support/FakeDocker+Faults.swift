import Primitives

import DockerPort
import Primitives

extension FakeDocker {
    /// Lets the next calls of `operation` fail. With `takesEffect` the operation is carried out before, as when
    /// the answer is lost.
    package func fail(_ operation: Operation, with error: DockerError, times: Int = 1, takesEffect: Bool = false) {
        faults[operation, default: []] += Array(repeating: Fault(error: error, takesEffect: takesEffect), count: times)
    }

    /// Lets the next calls of `operation` be answered with an error of that status, such as 503, and do nothing.
    package func refuse(_ operation: Operation, status: Int, times: Int = 1) {
        let code: DockerError.Code =
            switch (status, operation) {
            case (503, _): .unavailable
            case (_, .run): .startFailed
            default: .engineError
            }
        let error = DockerError(
            code,
            operation: operation.rawValue,
            message: "\(operation.rawValue): device or resource busy (status \(status))",
            status: status,
            retryable: status >= 500
        )
        fail(operation, with: error, times: times)
    }

    /// How many faults of `operation` have not been met yet.
    package func faultsLeft(_ operation: Operation) -> Int { faults[operation]?.count ?? 0 }

    /// Lets every call of `operation` take that long before it does anything; it can be cancelled then.
    package func delay(_ operation: Operation, by duration: Duration?) { delays[operation] = duration }

    /// The same for each look at one container.
    package func delayInspect(of container: String, by duration: Duration?) { inspectDelays[container] = duration }

    /// Puts the Engine out of reach, or back: subscriptions end, and the events of before are forgotten.
    package func setReachable(_ reachable: Bool) {
        isReachable = reachable
        guard !reachable else { return }
        history = []
        endSubscriptions(Self.unreachable("eventsListen"))
    }

    /// Ends every subscription, as a lost connection does.
    package func cutSubscriptions() { endSubscriptions(Self.unreachable("eventsListen")) }

    // MARK: What containers do

    /// The process of a container ends by itself. While the Engine is out of reach there is no event of it.
    package func exit(container: String, code: Int) {
        guard let id = find(container)?.inspect.id else { return }
        end(id, code: code)
    }

    /// Somebody starts a container by hand, as `docker start` does.
    package func start(container: String) {
        guard let id = find(container)?.inspect.id else { return }
        begin(id)
    }

    /// The process of a container ends by itself, and there is no event of it.
    package func exitUnheard(container: String, code: Int) {
        isHeard = false
        exit(container: container, code: code)
        isHeard = true
    }

    /// The Engine ends and is back before anybody asks: its containers end by SIGTERM, and nobody hears of it.
    package func restart() {
        for container in containers.values where container.inspect.isRunning {
            exitUnheard(container: container.inspect.id.text, code: 143)
        }
        history = []
        startedAt = clock()
        cutSubscriptions()
    }

    /// The kernel kills the process of a container for want of memory.
    package func oom(container: String) {
        guard let id = find(container)?.inspect.id else { return }
        containers[id]?.inspect.oomKilled = true
        emit("oom", id)
        end(id, code: 137)
    }

    /// The health check of a container comes to another result.
    package func setHealth(container: String, _ health: String) {
        guard let id = find(container)?.inspect.id else { return }
        containers[id]?.inspect.health = health
        emit("health_status: \(health)", id)
    }

    /// Makes a container that someone else has made, by the spec; running unless told otherwise.
    @discardableResult
    package func addForeignContainer(_ spec: RunSpec, running: Bool = true) -> ContainerID {
        let id = make(spec)
        if running { begin(id) }
        return id
    }
}
