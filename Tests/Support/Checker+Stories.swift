import JobContract

extension Checker {
    static func stories(_ history: History) -> [String] {
        Dictionary(grouping: history.events, by: \.containerID).sorted { $0.key < $1.key }.flatMap {
            container,
            events in
            let kinds = events.map(\.kind)
            let name = "\(container.prefix(12)) of \(events[0].game)"
            let isStory = isStory(kinds, mayGoOn: history.running[container] != nil)
            return (isStory ? [] : ["\(name): \(kinds.map(\.rawValue))"]) + doubles(events).map { "\(name): \($0)" }
        }
    }

    /// - Parameter mayGoOn: whether the container still runs, so that its story has not ended.
    static func isStory(_ kinds: [LifecycleKind], mayGoOn: Bool) -> Bool {
        guard let isRunning = isRunning(after: kinds) else { return false }
        return isRunning == mayGoOn
    }

    /// Whether the container runs at this point of its story; nil: this is no story, nor the begin of one.
    private static func isRunning(after kinds: [LifecycleKind]) -> Bool? {
        var isRunning = false
        var hasEnded = false
        for (index, kind) in kinds.enumerated() {
            switch (kind, isRunning) {
            case (_, _) where hasEnded: return nil
            case (.started, false): isRunning = true
            case (.healthy, true), (.unhealthy, true), (.oom, true): break
            case (.exited, true): isRunning = false
            case (.removed, false) where index > 0: hasEnded = true
            default: return nil
            }
        }
        return isRunning
    }

    /// What is told twice, or of another run, in one container's story.
    private static func doubles(_ events: [History.Event]) -> [String] {
        var problems: [String] = []
        var health: LifecycleKind?
        var begin: String?
        var ooms: Set<String> = []
        for event in events {
            if event.kind.isFrequent != (event.count.map { $0 >= 1 } ?? false) {
                problems.append("\(event.kind.rawValue) with count \(event.count.map(String.init) ?? "none")")
            }
            switch event.kind {
            case .started:
                if let start = event.startedAt, start == begin { problems.append("\(start) told twice") }
                begin = event.startedAt
                health = nil
            case .healthy, .unhealthy:
                if event.kind == health { problems.append("\(event.kind.rawValue) told twice in a row") }
                health = event.kind
            case .oom:
                if !ooms.insert(event.occurredAt).inserted { problems.append("oom of \(event.occurredAt) told twice") }
            case .exited:
                if event.startedAt != begin { problems.append("an exit of another run than was told") }
                if event.reason == nil { problems.append("an exit without a reason") }
            case .removed: break
            }
        }
        return problems
    }

    static func epochs(_ history: History) -> [String] {
        Dictionary(grouping: history.events, by: \.node).sorted { $0.key < $1.key }.flatMap { node, events in
            zip(events, events.dropFirst()).filter { $0.epoch > $1.epoch }
                .map { "\($1.epoch) comes after \($0.epoch) on \(node)" }
        }
    }

    /// What is wrong with entries of the stream of events while it goes on; empty: nothing.
    ///
    /// - Parameter complete: containers whose stories must have been told to their removal.
    package static func problems(_ entries: [[String: String]], complete: Set<String> = []) -> [String] {
        let history = History(events: entries.map { History.Event(fields: $0) })
        let stories = Dictionary(grouping: history.events, by: \.containerID)
        var problems = stories.sorted { $0.key < $1.key }.flatMap { id, events in
            let kinds = events.map(\.kind)
            let order = isRunning(after: kinds) == nil ? ["the order is \(kinds.map(\.rawValue))"] : []
            return (order + doubles(events)).map { "\(id.prefix(12)): \($0)" }
        }
        for id in complete.sorted() where stories[id]?.last?.kind != .removed {
            problems.append("\(id.prefix(12)): not told to its end: \((stories[id] ?? []).map(\.kind.rawValue))")
        }
        return problems + epochs(history)
    }
}
