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

    /// Looks at once. The Engine answers one in half a millisecond.
    private static let batch = 16
    /// Of these, looks that no event asked for.
    private static let batchWanted = 4

    /// Looks until the task is cancelled or the Engine is out of reach, which is thrown.
    func run() async throws {
        while !Task.isCancelled {
            let glances = inbox.take(events: Self.batch, wanted: Self.batchWanted)
            guard !glances.isEmpty else {
                await inbox.filled.wait()
                continue
            }
            await sightings.give(try await look(glances))
        }
    }

    private func look(_ glances: [Glance]) async throws -> [Sighting] {
        try await withThrowingTaskGroup(of: (Int, Sighting).self) { group in
            for (index, glance) in glances.enumerated() {
                group.addTask { (index, try await look(glance)) }
            }
            var seen: [(Int, Sighting)] = []
            for try await sighting in group { seen.append(sighting) }
            return seen.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func look(_ glance: Glance) async throws -> Sighting {
        let container: ContainerInspect?
        do throws(DockerError) {
            container = try await docker.inspectContainer(glance.containerID)
        } catch {
            guard error.code == .containerNotFound else { throw error }
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
        return sighting
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
