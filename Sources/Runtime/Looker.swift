import DockerPort
import Logging
import RuntimeCore
import Synchronization
import Timestamps

/// Looks at the containers that wait in the inbox, as soon as it can, and hands on what it saw.
///
/// It alone looks, and at the containers of a game one at a time, so that what it saw of them is handed on in the order in
/// which it was so. One that the Engine is slow to tell of (it locks a container that it removes) holds up no other game.
struct Looker: Sendable {
    let docker: any DockerClient
    let watch: EngineWatch
    let inbox: EventInbox
    let sightings: Handover<Sighting>
    let logger: Logger

    /// Looks at once. The Engine answers one in half a millisecond.
    private static let mostLooks = 64
    /// Of these, looks that no event asked for, and how long a part of that size takes at least: thousands of them must
    /// leave time for jobs, which run on the same thread.
    private static let mostWantedLooks = (count: 4, within: Duration.milliseconds(2))
    /// Longest look: one container that the Engine cannot tell of must not hold up the others.
    private static let patience = Duration.seconds(3)
    /// Pauses before a container is looked at again of which the Engine did not tell, or not in time.
    private static let pauses = (afterError: Duration.seconds(1), afterTimeout: Duration.seconds(30))

    /// A container of which the Engine could not tell, and when to ask again.
    private struct Failed {
        var glance: Glance
        let next: MonotonicInstant
    }

    private enum Outcome: Sendable {
        case seen(Sighting)
        case failed(Glance, DockerError)
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

    /// What is looked at, and what has to wait for that.
    private struct Desk {
        /// Containers that are looked at, and why.
        private(set) var looks: [String: Glance] = [:]
        /// Their games, as far as events tell.
        private var games: Set<String> = []
        /// How many of the looks no event has asked for.
        private(set) var wantedLooks = 0
        /// What asked for another look at one of them meanwhile, or at another container of its game, in order.
        var held: [Glance] = []
        var failed: [Failed] = []

        /// One look tells of one run: what began anew is looked at once more.
        private mutating func hold(_ glance: Glance) {
            if let last = held.lastIndex(where: { $0.containerID == glance.containerID }),
                !(held[last].hasEnd && glance.hasStart)
            {
                held[last].hints += glance.hints
            } else {
                held.append(glance)
            }
        }

        /// Which of these can be looked at now; the others are held.
        mutating func begin(_ glances: [Glance]) -> [Glance] {
            var begun: [Glance] = []
            for glance in glances {
                if looks[glance.containerID] != nil || glance.gameID.map(games.contains) == true {
                    hold(glance)
                } else {
                    looks[glance.containerID] = glance
                    if let game = glance.gameID { games.insert(game) } else { wantedLooks += 1 }
                    begun.append(glance)
                }
            }
            return begun
        }

        /// A look has ended. Answers what had waited for it.
        mutating func end(_ id: String) -> [Glance] {
            guard let ended = looks.removeValue(forKey: id) else { return [] }
            if let game = ended.gameID { games.remove(game) } else { wantedLooks -= 1 }
            guard !held.isEmpty else { return [] }
            defer { held.removeAll { ended.concerns($0) } }
            return held.filter { ended.concerns($0) }
        }

        /// What is to be asked for again by now.
        mutating func takeDue(at now: MonotonicInstant) -> [Glance] {
            defer { failed.removeAll { $0.next <= now } }
            return failed.filter { $0.next <= now }.map(\.glance)
        }
    }

    /// Looks until the task is cancelled or the Engine is out of reach, which is thrown.
    func run() async throws {
        let outcomes = Outcomes()
        try await withThrowingDiscardingTaskGroup { group in
            var desk = Desk()
            var nextWanted = MonotonicClock.now
            while !Task.isCancelled {
                let ended = outcomes.take()
                var glances = try await settle(ended, &desk) + desk.takeDue(at: MonotonicClock.now)
                let room = Self.mostLooks - desk.looks.count - desk.held.count
                let wantedPause = MonotonicClock.now.duration(to: nextWanted)
                let wantedRoom = wantedPause > .zero ? 0 : max(0, Self.mostWantedLooks.count - desk.wantedLooks)
                if room > 0 { glances += inbox.take(events: room, wanted: wantedRoom) }
                if wantedRoom > 0 { nextWanted = MonotonicClock.now.advanced(by: Self.mostWantedLooks.within) }
                for glance in desk.begin(glances) {
                    group.addTask {
                        let outcome = await look(glance)
                        outcomes.add(outcome)
                        inbox.filled.raise()
                    }
                }
                guard glances.isEmpty, ended.isEmpty else { continue }
                let retryPause: Duration? = desk.failed.isEmpty ? nil : .seconds(1)
                await inbox.filled.wait(atMost: wantedPause > .zero && inbox.hasWanted ? wantedPause : retryPause)
            }
        }
    }

    /// Hands on what was seen. Answers what is to be looked at now that those looks have ended.
    private func settle(_ ended: [Outcome], _ desk: inout Desk) async throws -> [Glance] {
        var next: [Glance] = []
        var seen: [Sighting] = []
        var failed: [(Glance, DockerError)] = []
        for outcome in ended {
            switch outcome {
            case .seen(let sighting):
                seen.append(sighting)
                next += desk.end(sighting.containerID)
            case .failed(let glance, let error):
                failed.append((glance, error))
            }
        }
        if !seen.isEmpty { await sightings.give(seen) }
        for (glance, error) in failed {
            var failure = try failure(error, of: glance)
            // What waited for another look at it will not come to more than this one.
            let waited = desk.end(glance.containerID)
            failure.glance.hints += waited.filter { $0.containerID == glance.containerID }.flatMap(\.hints)
            next += waited.filter { $0.containerID != glance.containerID }
            desk.failed.append(failure)
        }
        return next
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

    private func look(_ glance: Glance) async -> Outcome {
        var container: ContainerInspect?
        // The Engine tells of a removal when it is done, and gives no id twice.
        if !glance.hints.contains(where: \.isRemoval) {
            do throws(DockerError) {
                container = try await inspect(glance.containerID)
            } catch {
                guard error.code == .containerNotFound else { return .failed(glance, error) }
            }
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
