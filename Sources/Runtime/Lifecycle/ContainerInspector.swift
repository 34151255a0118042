import DockerPort
import Logging
import Primitives
import RuntimeCore

/// Inspects the containers of the queue, and passes the observations to the publisher.
///
/// The queue gives out one request of a game at a time. The inspector passes the observation on before finishing the
/// request. So the observations of a game stay in order.
struct ContainerInspector: Sendable {
    let docker: any DockerClient
    let ownership: ContainerOwnership
    let watch: DockerHealth
    let requests: InspectQueue
    let observations: PublishQueue
    let logger: Logger
    /// The begin of the current event stream; nil without a stream.
    let heardSince: Timestamp?

    /// The time limit of an inspection.
    private static let limit = Duration.seconds(3)
    /// The pauses before another inspection of a container that Docker could not describe.
    private static let pauses = (afterError: Duration.seconds(1), afterTimeout: Duration.seconds(30))

    /// Inspects until the task is cancelled.
    ///
    /// - Throws: ``DockerError`` if Docker is away.
    func run() async throws {
        let failure = await withDiscardingTaskGroup(returning: DockerError?.self) { group in
            while !Task.isCancelled {
                await observations.waitForCapacity()
                do throws(DockerError) {
                    for request in try await requests.next() { group.addTask { await handle(request) } }
                } catch {
                    // The running inspections go on: only now can they see that Docker refuses new connections.
                    return error
                }
            }
            return nil
        }
        if let failure { throw failure }
    }

    private func handle(_ request: InspectRequest) async {
        do throws(DockerError) {
            let observation = try await observe(request)
            // A cancelled call to Docker looks like an answer of a Docker Engine that does not end.
            guard !Task.isCancelled else { return }
            if let observation { observations.add(observation) }
            requests.finish(request)
        } catch {
            // The stream begins anew, and with it a reconcile of all containers.
            guard error.code != .unavailable, error.code != .cancelled else {
                // At its end, Docker 26 also closes idle connections.
                if error.code == .unavailable, request.hints.contains(where: { $0.action == "die" }) {
                    watch.noteShutdown()
                }
                return requests.end(error)
            }
            logger.warning(
                "a container cannot be inspected; trying again later",
                metadata: ["container": "\(request.containerID.short)", "error": "\(error.message)"]
            )
            let pause = error.code == .timeout ? Self.pauses.afterTimeout : Self.pauses.afterError
            requests.fail(request, retryAfter: pause)
        }
    }

    /// Returns the observation of the container, or nil if the container belongs to somebody else.
    private func observe(_ request: InspectRequest) async throws(DockerError) -> Observation? {
        var observation = Observation(
            containerID: request.containerID,
            container: nil,
            hints: request.hints,
            seenAt: MonotonicClock.wallNow
        )
        // Docker reports a removal when the container is gone, and gives no id twice.
        guard !request.hints.contains(where: \.isRemoval) else { return observation }
        do throws(DockerError) {
            guard let owned = try await ownership.owned(try await inspect(request.containerID)) else { return nil }
            observation.container = owned
        } catch {
            guard error.code == .containerNotFound else { throw error }
        }
        observation.seenAt = MonotonicClock.wallNow
        if let exit = observation.container.flatMap({ ExitFacts(of: $0.inspect) }) {
            observation.engineWasEnding = await isByEngine(exit, hints: request.hints)
        }
        return observation
    }

    private func inspect(_ id: ContainerID) async throws(DockerError) -> ContainerInspect {
        let result = await withTaskGroup(of: Result<ContainerInspect, DockerError>.self) { group in
            group.addTask {
                do throws(DockerError) { return .success(try await docker.inspectContainer(id.text)) } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await MonotonicClock.sleep(for: Self.limit)
                return .failure(
                    DockerError(.timeout, operation: "inspectContainer", message: "no answer in time", retryable: true)
                )
            }
            defer { group.cancelAll() }
            return await group.next()
                ?? .failure(DockerError(.cancelled, operation: "inspectContainer", message: "ended"))
        }
        return try result.get()
    }

    /// Returns whether the Docker Engine ended the container because the Docker Engine itself ended. A Docker Engine at
    /// its end reports the end of each container, and refuses new connections at that time.
    private func isByEngine(_ exit: ExitFacts, hints: [DockerEvent]) async -> Bool {
        if hints.contains(where: { $0.action == "die" }) {
            do throws(DockerError) { try await docker.ping() } catch { return error.code == .unavailable }
        }
        return await ExitWitness(docker: docker, watch: watch).isByEngine(exit, heardSince: heardSince)
    }
}
