import DockerPort
import JobContract
import JobQueue
import Logging
import Primitives
import Redis
import Runtime
import Settings

/// A worker, and its connection to Redis.
package struct WorkerParts: Sendable {
    package let identity: WorkerIdentity
    package let redis: RedisClient
    package let queue: JobQueue
    package let worker: Worker

    /// Builds a worker without starting it.
    ///
    /// - Parameters:
    ///   - node: The id of the worker's node.
    ///   - machine: The fingerprint of the node's machine; nil: nobody compares machines.
    ///   - host: The machine of the node; nil: its memory is not counted unless a setting says how much.
    package init(
        node: NodeID,
        machine: MachineFingerprint? = nil,
        host: EngineInfo? = nil,
        docker: any DockerClient,
        decoder: JobDecoder,
        configuration: WorkerConfiguration,
        redisConfiguration: RedisConfiguration,
        settings: Settings,
        logger: Logger
    ) {
        identity = WorkerIdentity.new(node: node, machine: machine)
        redis = RedisClient(redisConfiguration, clientName: "rtmanager-\(identity.nonce)", logger: logger)
        var options = settings.queueOptions(on: host)
        options.description = WorkerDescription(
            concurrency: settings.concurrency,
            console: settings.http.map { "http://\($0.host):\($0.port)/" },
            startedAt: SystemClock.now()
        )
        queue = JobQueue(
            redis: redis,
            keys: Keyspace(namespace: settings.namespace),
            worker: identity,
            options: options
        )
        worker = Worker(
            queue: queue,
            docker: docker,
            decoder: decoder,
            configuration: configuration,
            redis: redis,
            logger: logger
        )
    }
}
