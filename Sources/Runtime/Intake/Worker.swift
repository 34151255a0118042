import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import Redis
import RuntimeCore
import ServiceLifecycle

/// One worker: takes jobs of its queues, runs them against the Engine of its node, and publishes how they
/// ended. `run()` returns after a graceful shutdown, when what runs has ended or been given back.
package struct Worker: Service {
    let queue: any DeliveryQueue
    let docker: any DockerClient
    let decoder: JobDecoder
    let configuration: WorkerConfiguration
    /// Opens a connection of that name.
    let connect: @Sendable (_ clientName: String) -> any WaitingConnection
    let logger: Logger
    /// Where jobs and what keeps them going run; nil: where the worker runs.
    private let executor: EventLoopExecutor?
    let state: WorkerState
    let watch: DockerHealth
    private let network: NetworkWatch
    let finishing: ResultBatcher
    let progress = ProgressReporter()
    let images = RecentImages()
    let ownership: ContainerOwnership

    /// - Parameters:
    ///   - queue: the protocol, over a client that somebody else runs.
    ///   - redis: the client of the queue. The connections at which this worker waits find the same server. Jobs, and what
    ///     keeps them going, run on the client's thread: they do little but wait for Redis and the Docker Engine. What
    ///     inspects many containers at once does not.
    package init(
        queue: any DeliveryQueue,
        docker: any DockerClient,
        decoder: JobDecoder,
        configuration: WorkerConfiguration,
        redis: RedisClient,
        logger: Logger
    ) {
        self.init(
            queue: queue,
            docker: docker,
            decoder: decoder,
            configuration: configuration,
            connect: {
                RedisBlockingConnection(
                    redis.configuration,
                    clientName: $0,
                    beside: redis,
                    largestString: JobDecoder.maximumMessageBytes,
                    logger: logger
                )
            },
            executor: redis.executor,
            logger: logger
        )
    }

    init(
        queue: any DeliveryQueue,
        docker: any DockerClient,
        decoder: JobDecoder,
        configuration: WorkerConfiguration,
        connect: @escaping @Sendable (_ clientName: String) -> any WaitingConnection,
        executor: EventLoopExecutor? = nil,
        logger: Logger
    ) {
        self.queue = queue
        self.docker = docker
        self.decoder = decoder
        self.configuration = configuration
        self.connect = connect
        self.executor = executor
        self.logger = logger
        state = WorkerState(options: queue.options, concurrency: configuration.concurrency)
        finishing = ResultBatcher(
            queue: queue,
            madeReady: { [intake = state.intake] in intake.note { $0.woken() } },
            next: { [intake = state.intake] in intake.isDraining ? .byOthers : .byCaller }
        )
        watch = DockerHealth(
            docker: docker,
            logger: logger,
            cameBack: { [intake = state.intake] in intake.note { $0.woken() } }
        )
        ownership = ContainerOwnership(
            docker: docker,
            queue: queue,
            namespace: configuration.node.namespace,
            enginePort: configuration.node.enginePort,
            watch: watch
        )
        network = NetworkWatch(docker: docker, network: configuration.node.network, logger: logger)
    }

    /// What the worker needs, and whether it has it. Its consume loop says by itself whether it gets on: a worker that is
    /// connected and takes nothing is not ready.
    package var health: WorkerHealth {
        WorkerHealth(
            engineAnswers: watch.engineAnswers,
            sinceProgress: state.lastProgress.duration(to: MonotonicClock.now),
            loopProblem: state.loopProblem,
            networkProblem: network.problem,
            isDraining: state.intake.isDraining,
            keyProblems: state.keyProblems.map(\.description)
        )
    }

    package func run() async throws {
        // A simulation has one of its own, which must be named wherever one can be: nil is not the caller's.
        let executor: (any TaskExecutor)? = Simulation.host?.executor ?? executor
        RuntimeMetrics.begin(node: queue.worker.node, queues: queue.options.queues)
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { services in
                services.addTask { await watch.run() }
                services.addTask { await network.run() }
                if await join() {
                    logger.notice(
                        "worker is ready",
                        metadata: ["worker": "\(queue.worker.id)", "node": "\(queue.worker.node)"]
                    )
                    let heartbeat = Heartbeat(
                        queue: queue,
                        leases: state.leases,
                        watch: watch,
                        now: state.beatNow,
                        mustAnnounce: state.mustAnnounce,
                        logger: logger
                    )
                    services.addTask(executorPreference: executor) { await heartbeat.run() }
                    services.addTask { await announceAgain() }
                    services.addTask { await stopWhenCutOff() }
                    services.addTask(executorPreference: executor) { await sweepWhenDue() }
                    services.addTask(executorPreference: executor) { await renewLiveness() }
                    services.addTask(executorPreference: executor) { await progress.run() }
                    services.addTask(executorPreference: executor) { await answerDoorbell() }
                    services.addTask { await waitAtQueues(on: executor) }
                    services.addTask { await watchKeys() }
                    services.addTask { await listen(on: executor) }
                    await withTaskExecutorPreference(executor) { await consume() }
                    await leave()
                }
                services.cancelAll()
            }
        } onGracefulShutdown: {
            state.drain()
        }
    }

    private func leave() async {
        do throws(QueueError) {
            try await queue.deregister()
            Failpoint.reached(.left)
            logger.notice("worker has ended", metadata: ["worker": "\(queue.worker.id)"])
        } catch {
            logger.warning(
                "could not deregister from Redis; the leases expire by themselves",
                metadata: ["error": "\(error)"]
            )
        }
    }
}

/// How a worker fares.
package struct WorkerHealth: Sendable, Equatable {
    /// Whether the Engine of its node answers.
    package var engineAnswers: Bool
    /// Time since it last heard from Redis.
    package var sinceProgress: Duration
    /// Why its consume loop does not get on, as a sentence; nil: it does. A loop with nothing to do gets on.
    package var loopProblem: String?
    /// What is wrong with the network of the games, as a sentence; nil: nothing.
    package var networkProblem: String?
    /// Whether it takes no more jobs.
    package var isDraining: Bool
    /// A sentence for each key in Redis that has a wrong type.
    package var keyProblems: [String] = []
}
