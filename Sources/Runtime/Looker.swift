import DockerPort
import Logging
import RuntimeCore
import Synchronization
import Timestamps

/// Looks at the containers that wait in the inbox, as soon as it can, and hands on what it saw.
///
/// It alone looks, and at each container once at a time, so that what it saw of one is handed on in the order in
/// which it was so.
struct Looker: Sendable {
    let docker: any DockerClient
    let watch: EngineWatch
    let inbox: EventInbox
    let sightings: Handover<Sighting>
    let logger: Logger

    /// Looks at once. The Engine answers one in half a millisecond.
    private static let batch = 16
    /// Of these, looks that no event asked for.
    private static let batchWanted = 4
    /// Longest look: one container that the Engine cannot tell of must not hold up the others.
    private static let patience = Duration.seconds(3)
    /// Pauses before a container is looked at again of which the Engine did not tell, or not in time.
    private static let pauses = (afterError: Duration.seconds(1), afterTimeout: Duration.seconds(30))

    /// A container of which the Engine could not tell, and when to ask again.
    private struct Failed {
        let glance: Glance
        let next: MonotonicInstant
    }

    private enum Outcome {
        case seen(Sighting)
        case failed(DockerError)
    }

    /// Looks until the task is cancelled or the Engine is out of reach, which is thrown.
    func run() async throws {
        var failed: [Failed] = []
        while !Task.isCancelled {
            let now = MonotonicClock.now
            let again = failed.filter { $0.next <= now }.map(\.glance)
            failed.removeAll { $0.next <= now }
            let glances = Self.merged(again + inbox.take(events: Self.batch, wanted: Self.batchWanted))
            guard !glances.isEmpty else {
                if failed.isEmpty { await inbox.filled.wait() } else { await inbox.filled.wait(atMost: .seconds(1)) }
                continue
            }
            let outcomes = await look(glances)
            await sightings.give(outcomes.compactMap { if case .seen(let sighting) = $0 { sighting } else { nil } })
            for (glance, outcome) in zip(glances, outcomes) {
                if case .failed(let error) = outcome { failed.append(try failure(error, of: glance)) }
            }
        }
    }

    /// Each container once.
    private static func merged(_ glances: [Glance]) -> [Glance] {
        var places: [String: Int] = [:]
        var merged: [Glance] = []
        for glance in glances {
            if let place = places[glance.containerID] {
                merged[place].hints += glance.hints
            } else {
                places[glance.containerID] = merged.count
                merged.append(glance)
            }
        }
        return merged
    }

    /// What becomes of a container that could not be looked at; throws where it is the Engine that is away.
    private func failure(_ error: DockerError, of glance: Glance) throws -> Failed {
        guard error.code != .unavailable, error.code != .cancelled else { throw error }
        logger.warning(
            "a container cannot be looked at; trying again later",
            metadata: ["container": "\(glance.containerID.prefix(12))", "error": "\(error.message)"]
        )
        let pause = error.code == .timeout ? Self.pauses.afterTimeout : Self.pauses.afterError
        return Failed(glance: glance, next: MonotonicClock.now.advanced(by: pause))
    }

    private func look(_ glances: [Glance]) async -> [Outcome] {
        await withTaskGroup(of: (Int, Outcome).self) { group in
            for (index, glance) in glances.enumerated() {
                group.addTask { (index, await look(glance)) }
            }
            var seen: [(Int, Outcome)] = []
            for await outcome in group { seen.append(outcome) }
            return seen.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func look(_ glance: Glance) async -> Outcome {
        let container: ContainerInspect?
        do throws(DockerError) {
            container = try await inspect(glance.containerID)
        } catch {
            guard error.code == .containerNotFound else { return .failed(error) }
            container = nil
        }
        var sighting = Sighting(
            containerID: glance.containerID,
            container: container,
            hints: glance.hints,
            seenAt: MonotonicClock.wallNow
        )
        if let exit = container.flatMap(ExitFacts.init(of:)) {
            sighting.engineWasEnding = await isByEngine(exit, hints: glance.hints)
        }
        return .seen(sighting)
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
        guard ExitClassification.isByEngine(exit, absence: watch.lastAbsence, liveRestore: false) else { return false }
        guard let info = try? await docker.info() else { return false }
        return ExitClassification.isByEngine(exit, absence: watch.lastAbsence, liveRestore: info.liveRestore)
    }
}
