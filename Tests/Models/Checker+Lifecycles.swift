import JobContract
import Primitives

extension Checker {
    static func lifecycles(_ history: History) -> [String] {
        Dictionary(grouping: history.events, by: \.containerID).sorted { $0.key < $1.key }.flatMap {
            container,
            events in
            let kinds = events.map(\.kind)
            let name = "\(container.short) of \(events[0].game)"
            let isLifecycle = isLifecycle(kinds, mayGoOn: history.running[container] != nil)
            return (isLifecycle ? [] : ["\(name): \(kinds.map(\.rawValue))"]) + doubles(events).map { "\(name): \($0)" }
        }
    }

    /// - Parameter mayGoOn: whether the container still runs, so its lifecycle has not ended.
    static func isLifecycle(_ kinds: [LifecycleKind], mayGoOn: Bool) -> Bool {
        guard let isRunning = isRunning(after: kinds) else { return false }
        return isRunning == mayGoOn
    }

    /// Whether the container runs after these events; nil if the events are in no valid order.
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

    /// Events of one container that are published twice, or belong to another run.
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
                if let start = event.startedAt, start == begin { problems.append("\(start) published twice") }
                begin = event.startedAt
                health = nil
            case .healthy, .unhealthy:
                if event.kind == health { problems.append("\(event.kind.rawValue) published twice in a row") }
                health = event.kind
            case .oom:
                if !ooms.insert(event.occurredAt).inserted {
                    problems.append("oom of \(event.occurredAt) published twice")
                }
            case .exited:
                if event.startedAt != begin { problems.append("an exit of another run than was published") }
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
    /// - Parameter complete: containers whose events must have been published to their removal.
    package static func problems(_ entries: [[String: String]], complete: Set<ContainerID> = []) -> [String] {
        let history = History(events: entries.map { History.Event(fields: $0) })
        let lifecycles = Dictionary(grouping: history.events, by: \.containerID)
        var problems = lifecycles.sorted { $0.key < $1.key }.flatMap { id, events in
            let kinds = events.map(\.kind)
            let order = isRunning(after: kinds) == nil ? ["the order is \(kinds.map(\.rawValue))"] : []
            return (order + doubles(events)).map { "\(id.short): \($0)" }
        }
        for id in complete.sorted() where lifecycles[id]?.last?.kind != .removed {
            problems.append(
                "\(id.short): not published to its removal: \((lifecycles[id] ?? []).map(\.kind.rawValue))"
            )
        }
        return problems + epochs(history)
    }
}
