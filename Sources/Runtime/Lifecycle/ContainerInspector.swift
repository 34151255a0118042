import DockerPort
import Logging
import Primitives
import RuntimeCore
import Synchronization

/// Looks at the containers that wait in the inbox, as soon as it can, and hands on what it saw.
///
/// It alone looks, and at the containers of a game one at a time, so that what it saw of them is handed on in the order in
/// which it was so. One that the Engine is slow to tell of (it locks a container that it removes) holds up no other game.
struct ContainerInspector: Sendable {
    let docker: any DockerClient
    let ownership: ContainerOwnership
    let watch: DockerHealth
    let inbox: EventInbox
    let observations: BoundedChannel<Observation>
    let logger: Logger

    /// Longest look: one container that the Engine cannot tell of must not hold up the others.
    private static let patience = Duration.seconds(3)
    /// Pauses before a container is looked at again of which the Engine did not tell, or not in time.
    private static let pauses = (afterError: Duration.seconds(1), afterTimeout: Duration.seconds(30))

    private enum Outcome: Sendable {
        case seen(Observation)
        /// The container is not ours.
        case foreign(String)
        case failed(InspectRequest, DockerError)
    }

    private final class Outcomes: Sendable {
        private let all = Mutex<[Outcome]>([])

        func add(_ outcome: Outcome) { all.withLock { $0.append(outcome) } }

        func take() -> [Outcome] {
            all.withLock { all in
                defer { all.removeAll() }
                return all
            }
        }
    }

    /// Looks until the task is cancelled or the Engine is out of reach, which is thrown.
    func run() async throws {
        let outcomes = Outcomes()
        try await withThrowingDiscardingTaskGroup { group in
            var desk = InspectScheduler(now: MonotonicClock.now)
            while !Task.isCancelled {
                let ended = outcomes.take()
                var requests = try await settle(ended, &desk) + desk.takeDue(at: MonotonicClock.now)
                let room = desk.takeRoom(at: MonotonicClock.now)
                if room.looks > 0 { requests += inbox.take(events: room.looks, wanted: room.wanted) }
                for request in desk.begin(requests) {
                    group.addTask {
                        let outcome = await look(request)
                        outcomes.add(outcome)
                        inbox.filled.raise()
                    }
                }
                guard requests.isEmpty, ended.isEmpty else { continue }
                await inbox.filled.wait(atMost: desk.pause(at: MonotonicClock.now, hasWanted: inbox.hasWanted))
            }
        }
    }

    /// Hands on what was seen. Answers what is to be looked at now that those looks have ended.
    private func settle(_ ended: [Outcome], _ desk: inout InspectScheduler) async throws -> [InspectRequest] {
        var next: [InspectRequest] = []
        var seen: [Observation] = []
        var failed: [(InspectRequest, DockerError)] = []
        for outcome in ended {
            switch outcome {
            case .seen(let observation):
                seen.append(observation)
                next += desk.end(observation.containerID)
            case .foreign(let id):
                next += desk.end(id)
            case .failed(let request, let error):
                failed.append((request, error))
            }
        }
        if !seen.isEmpty { await observations.give(seen) }
        for (request, error) in failed {
            next += desk.fail(request, next: MonotonicClock.now.advanced(by: try pause(after: error, of: request)))
        }
        return next
    }

    /// How long a container is left alone that could not be looked at; throws where it is the Engine that is away.
    private func pause(after error: DockerError, of request: InspectRequest) throws -> Duration {
        guard error.code != .unavailable, error.code != .cancelled else { throw error }
        logger.warning(
            "a container cannot be inspected; trying again later",
            metadata: ["container": "\(request.containerID.prefix(12))", "error": "\(error.message)"]
        )
        return error.code == .timeout ? Self.pauses.afterTimeout : Self.pauses.afterError
    }

    private func look(_ request: InspectRequest) async -> Outcome {
        var container: OwnedContainer?
        // The Engine tells of a removal when it is done, and gives no id twice.
        if !request.hints.contains(where: \.isRemoval) {
            do throws(DockerError) {
                guard let owned = try await ownership.owned(try await inspect(request.containerID)) else {
                    return .foreign(request.containerID)
                }
                container = owned
            } catch {
                guard error.code == .containerNotFound else { return .failed(request, error) }
            }
        }
        var observation = Observation(
            containerID: request.containerID,
            container: container,
            hints: request.hints,
            seenAt: MonotonicClock.wallNow
        )
        if let exit = container.flatMap({ ExitFacts(of: $0.inspect) }) {
            observation.engineWasEnding = await isByEngine(exit, hints: request.hints)
        }
        return .seen(observation)
    }

    private func inspect(_ id: String) async throws(DockerError) -> ContainerInspect {
        let answer = await withTaskGroup(of: Result<ContainerInspect, DockerError>.self) { group in
            group.addTask {
                do throws(DockerError) { return .success(try await docker.inspectContainer(id)) } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                try? await MonotonicClock.sleep(for: Self.patience)
                return .failure(
                    DockerError(.timeout, operation: "inspectContainer", message: "no answer in time", retryable: true)
                )
            }
            defer { group.cancelAll() }
            return await group.next()
                ?? .failure(DockerError(.cancelled, operation: "inspectContainer", message: "ended"))
        }
        return try answer.get()
    }

    /// Whether the Engine ended the container because it ended itself. One that is shutting down tells of each
    /// end, and takes no new callers by then.
    private func isByEngine(_ exit: ExitFacts, hints: [DockerEvent]) async -> Bool {
        if hints.contains(where: { $0.action == "die" }) {
            do throws(DockerError) { try await docker.ping() } catch { return error.code == .unavailable }
        }
        if exit.exitCode == ExitClassification.foundGone, let start = try? await docker.startTime() {
            return ExitClassification.isByPowerLoss(exit, engineStart: start, lastRefusal: watch.lastRefusal)
        }
        guard ExitClassification.isByEngine(exit, absence: watch.lastAbsence, liveRestore: false) else { return false }
        guard let info = try? await docker.info() else { return false }
        return ExitClassification.isByEngine(exit, absence: watch.lastAbsence, liveRestore: info.liveRestore)
    }
}
