import JobContract
import Primitives

/// The rights of the janitor.
package enum JanitorMode: String, Sendable, CaseIterable {
    /// Inspect nothing.
    case off
    /// Report planned removals, but remove nothing.
    case dryRun = "dry-run"
    /// Remove abandoned containers; report unexplained containers.
    case report
    /// Remove abandoned and unexplained containers.
    case remove
}

/// A container of this namespace, with Redis' knowledge of its game and its job.
package struct JanitorSubject: Sendable, Equatable {
    package var containerID: ContainerID
    package var name: String
    package var gameID: GameID
    /// Whether the container was created but never ran.
    package var neverRan: Bool
    /// Whether jobs of the game use this container.
    package var isCurrent: Bool
    /// Whether a job of the game is running now.
    package var isGameBusy: Bool
    /// Whether the creating job is waiting or running.
    package var isJobLive: Bool
    /// Node that owns the game, or nil without an owner.
    package var owner: NodeID?
    /// Whether another node owns the game, with an older or newer container. A failover of Redis has lost a move.
    package var isContested: Bool

    package init(
        containerID: ContainerID,
        name: String,
        gameID: GameID,
        neverRan: Bool,
        isCurrent: Bool,
        isGameBusy: Bool,
        isJobLive: Bool,
        owner: NodeID?,
        isContested: Bool = false
    ) {
        self.containerID = containerID
        self.name = name
        self.gameID = gameID
        self.neverRan = neverRan
        self.isCurrent = isCurrent
        self.isGameBusy = isGameBusy
        self.isJobLive = isJobLive
        self.owner = owner
        self.isContested = isContested
    }
}

/// The janitor's finding about a container.
package enum JanitorComplaint: Sendable, Equatable {
    /// An abandoned create left the container. The container never ran, and no job will use it.
    case abandoned
    /// The container runs or has run, but no job explains the container.
    case unexplained(String)

    /// A sentence for a person.
    package var sentence: String {
        switch self {
        case .abandoned: "it never ran, and the job that made it has ended"
        case .unexplained(let why): why
        }
    }
}

/// The janitor's decision about a container.
package struct JanitorVerdict: Sendable, Equatable {
    package enum Action: String, Sendable {
        /// Report the container once.
        case report
        case remove
    }

    package var subject: JanitorSubject
    package var complaint: JanitorComplaint
    package var action: Action
}

/// Decides about containers of this namespace without a known purpose.
///
/// The janitor is slow on purpose. Before a removal, every review during the grace time must come to the same finding.
package struct Janitor: Sendable {
    private struct Suspicion {
        var complaint: JanitorComplaint
        var since: MonotonicInstant
        var looks = 0
    }

    private let mode: JanitorMode
    private let grace: Duration
    private let node: NodeID
    private var suspicions: [ContainerID: Suspicion] = [:]

    /// Consecutive reviews before a report. A single finding may be a container whose job is just proceeding.
    private static let looksBeforeReport = 2

    package init(mode: JanitorMode, grace: Duration, node: NodeID) {
        self.mode = mode
        self.grace = grace
        self.node = node
    }

    /// The findings about all suspicious containers.
    package var complaints: [JanitorComplaint] { suspicions.values.map(\.complaint) }

    /// Reviews all containers of the namespace. Returns the actions due now.
    package mutating func review(_ subjects: [JanitorSubject], now: MonotonicInstant) -> [JanitorVerdict] {
        guard mode != .off else { return [] }
        let before = suspicions
        suspicions = [:]
        var verdicts: [JanitorVerdict] = []
        for subject in subjects {
            guard let complaint = complaint(about: subject) else { continue }
            var suspicion = before[subject.containerID].flatMap { $0.complaint == complaint ? $0 : nil }
            suspicion = suspicion ?? Suspicion(complaint: complaint, since: now)
            suspicion?.looks += 1
            guard let suspicion else { continue }
            suspicions[subject.containerID] = suspicion
            let isDue = suspicion.looks > 1 && suspicion.since.duration(to: now) >= grace
            if isDue, mayRemove(complaint) {
                verdicts.append(JanitorVerdict(subject: subject, complaint: complaint, action: .remove))
            } else if suspicion.looks == Self.looksBeforeReport {
                verdicts.append(JanitorVerdict(subject: subject, complaint: complaint, action: .report))
            }
        }
        return verdicts
    }

    private func mayRemove(_ complaint: JanitorComplaint) -> Bool {
        switch (mode, complaint) {
        case (.remove, _), (.report, .abandoned): true
        default: false
        }
    }

    /// Returns the finding about a container, or nil if the container is explained.
    private func complaint(about subject: JanitorSubject) -> JanitorComplaint? {
        if subject.isGameBusy || subject.isJobLive { return nil }
        if subject.neverRan { return .abandoned }
        if !subject.isCurrent { return .unexplained("its game has another container") }
        // The node announces such a game again, and then owns the game or stops the container.
        if subject.owner == node || subject.isContested { return nil }
        return .unexplained(
            subject.owner.map { "its game belongs to node \($0)" } ?? "no node owns its game, and no job is to use it"
        )
    }
}
