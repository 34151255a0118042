import DockerPort
import JobContract
import JobQueue
import Logging
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
    /// - Parameter node: The id of the worker's node.
    package init(
        node: NodeID,
        docker: any DockerClient,
        decoder: JobDecoder,
        configuration: WorkerConfiguration,
        redisConfiguration: RedisConfiguration,
        settings: Settings,
        logger: Logger
    ) {
        identity = WorkerIdentity.new(node: node)
        redis = RedisClient(redisConfiguration, clientName: "rtmanager-\(identity.nonce)", logger: logger)
        queue = JobQueue(
            redis: redis,
            keys: Keyspace(namespace: settings.namespace),
            worker: identity,
            options: settings.queueOptions
        )
        worker = Worker(
            queue: queue,
            docker: docker,
            decoder: decoder,
            configuration: configuration,
            redisConfiguration: redisConfiguration,
            executor: redis.executor,
            logger: logger
        )
    }
}
