/// What the janitor may do.
package enum JanitorMode: String, Sendable, CaseIterable {
    /// Looks at nothing.
    case off
    /// Tells what it would remove, and removes nothing.
    case dryRun = "dry-run"
    /// Removes what creates have left behind; tells of containers that no job explains.
    case report
    /// Removes both.
    case remove
}

/// A container of this namespace, and what Redis knows of its game and its job.
package struct JanitorSubject: Sendable, Equatable {
    package var containerID: String
    package var name: String
    package var gameID: String
    /// Whether it was made and never ran.
    package var neverRan: Bool
    /// Whether it is the container that jobs of its game work on.
    package var isCurrent: Bool
    /// Whether a job of the game runs at this moment.
    package var isGameBusy: Bool
    /// Whether the job that made it waits or runs.
    package var isJobLive: Bool
    /// Node that owns the game; nil: none.
    package var owner: String?

    package init(
        containerID: String,
        name: String,
        gameID: String,
        neverRan: Bool,
        isCurrent: Bool,
        isGameBusy: Bool,
        isJobLive: Bool,
        owner: String?
    ) {
        self.containerID = containerID
        self.name = name
        self.gameID = gameID
        self.neverRan = neverRan
        self.isCurrent = isCurrent
        self.isGameBusy = isGameBusy
        self.isJobLive = isJobLive
        self.owner = owner
    }
}

/// Why the janitor minds a container.
package enum JanitorComplaint: Sendable, Equatable {
    /// A create that was abandoned has left it; it never ran, and no job is to use it.
    case abandoned
    /// It runs or has run, and no job explains it.
    case unexplained(String)

    /// For a person.
    package var sentence: String {
        switch self {
        case .abandoned: "it never ran, and the job that made it has ended"
        case .unexplained(let why): why
        }
    }
}

/// What is to be done about a container.
package struct JanitorVerdict: Sendable, Equatable {
    package enum Action: String, Sendable {
        /// Told once.
        case report
        case remove
    }

    package var subject: JanitorSubject
    package var complaint: JanitorComplaint
    package var action: Action
}

/// Decides about containers of ours that nothing seems to need. It is slow on purpose: a container must be without
/// explanation, look after look, for the grace time before it is removed.
package struct Janitor: Sendable {
    private struct Suspicion {
        var complaint: JanitorComplaint
        var since: MonotonicInstant
        var looks = 0
    }

    private let mode: JanitorMode
    private let grace: Duration
    private let node: String
    private var suspicions: [String: Suspicion] = [:]

    /// Looks in a row after which a container is told of: one may be on its way.
    private static let looksBeforeReport = 2

    package init(mode: JanitorMode, grace: Duration, node: String) {
        self.mode = mode
        self.grace = grace
        self.node = node
    }

    /// How many containers it minds.
    package var complaints: [JanitorComplaint] { suspicions.values.map(\.complaint) }

    /// Takes a look at all containers of the namespace, and says what is to be done now.
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

    /// nil where the container is explained.
    private func complaint(about subject: JanitorSubject) -> JanitorComplaint? {
        if subject.isGameBusy || subject.isJobLive { return nil }
        if subject.neverRan { return .abandoned }
        if !subject.isCurrent { return .unexplained("its game has another container") }
        if subject.owner == node { return nil }
        return .unexplained(
            subject.owner.map { "its game belongs to node \($0)" } ?? "no node owns its game, and no job is to use it"
        )
    }
}
