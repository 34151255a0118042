import JobContract
import Primitives
import Synchronization

@testable import Models
@testable import Support

/// Random jobs for the workers of two real hosts, while hosts die, are cut off, and lose their Engines; then the history
/// of it all.
///
/// What is done, to whom and in which order comes from the seed; when the machine does it does not.
final class HostCampaign: Sendable {
    private struct Notes {
        var contacts: [NodeID: [Timestamp]] = [:]
        var memory: [JobID: Int64] = [:]
        var isOver = false
    }

    static let games = 8
    static let lease = 2
    /// Three times the longest time between two signs of life of an idle worker.
    static let grace = Duration.seconds(6)
    static let slots = 5
    /// `RTM_CAPACITY_MEMORY` in MiB. The memory of the games is up to three times as much as both hosts have.
    static let memory = 768

    let fleet: Fleet
    let hosts: [Host]
    let log = CampaignLog()
    let nodes: NodeWatch
    private let containers = ContainerWatch()
    private let notes = Mutex(Notes())

    init(_ fleet: Fleet, hosts: [Host]) {
        self.fleet = fleet
        self.hosts = hosts
        nodes = NodeWatch(fleet, nodes: hosts.map(\.node), grace: Self.grace)
    }

    var isOver: Bool { notes.withLock { $0.isOver } }

    /// The node has a worker, an Engine and a way to Redis again.
    func note(contactOf host: Host) {
        notes.withLock { $0.contacts[host.node, default: []].append(CampaignLog.now) }
    }

    func note(memory: Int64, of job: JobID) { notes.withLock { $0.memory[job] = memory } }

    /// Pushes jobs and breaks things for as long as `time`, then waits until all has come to rest.
    func run(seed: UInt64, time: Duration) async throws -> History {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.watch() }
            for host in hosts {
                note(contactOf: host)
                try await host.startWorkers()
            }
            let end = ContinuousClock.now.advanced(by: time)
            async let pushes: Void = pushJobs(SeededGenerator(seed: seed))
            do {
                try await breakThings(SeededGenerator(seed: seed &+ 1), until: end)
            } catch {
                notes.withLock { $0.isOver = true }
                throw error
            }
            notes.withLock { $0.isOver = true }
            try await pushes
            // What a full host keeps out ends by these.
            try await pushLastJobs()
            try await comeToRest()
            group.cancelAll()
        }
        return try await history()
    }

    private func watch() async throws {
        while !Task.isCancelled {
            containers.look()
            await nodes.look()
            try? await pause(.milliseconds(50), because: "this is the pace of the watch")
        }
    }

    /// Waits until each job has its result, and each existing container its events.
    private func comeToRest() async throws {
        let sure = Set(log.pushes.filter { !$0.mayBeLost }.map(\.key))
        var missing = sure
        do {
            while !missing.isEmpty {
                let before = missing
                try await eventually("another result", within: .seconds(60)) {
                    missing = sure.subtracting(
                        try await fleet.results().map { "\($0.jobID) \($0.fields["run"] ?? "1")" }
                    )
                    return missing != before
                }
            }
            let awaited: Set<Checker.Rule> = [.lifecycle, .started, .empty, .rest]
            try await eventually("all events, and nothing left", within: .seconds(60), every: .milliseconds(200)) {
                awaited.isDisjoint(with: Checker.violations(of: try await history()).map(\.rule))
            }
        } catch is Overdue {
            // The checker says what is missing.
        }
    }

    private func history() async throws -> History {
        var history = try await History(of: fleet, pushes: log.pushes)
        history.running = [:]
        for host in hosts { history.running.merge(try await host.running()) { $1 } }
        history.hosts.losses = nodes.losses
        history.hosts.reservations = nodes.reservations
        history.hosts.contacts = notes.withLock { $0.contacts }
        history.hosts.runs = try await runs()
        return history
    }

    /// Each container that was seen, as its events describe it.
    private func runs() async throws -> [History.Run] {
        let seen = containers.runs
        let memory = notes.withLock { $0.memory }
        let starts = try await fleet.events().filter { $0["event"] == "started" }
        return starts.compactMap { event in
            let id = ContainerID(event["container_id"] ?? "")
            guard let time = seen[id] else { return nil }
            return History.Run(
                containerID: id,
                game: GameID(event["game_id"] ?? ""),
                node: NodeID(event["node"] ?? ""),
                memory: memory[JobID(event["job_id"] ?? "")] ?? 0,
                from: time.from,
                to: time.to
            )
        }.sorted { $0.from < $1.from }
    }
}
