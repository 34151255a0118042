public import DockerPort
import JobContract

/// Which containers may have more to tell than was published: the difference between a list of the Engine and what
/// was published. What they have to tell, ``Story`` says, when they were looked at.
public struct Reconciliation: Sendable, Equatable {
    /// Containers to be looked at: first those whose end was missed, then those of which nothing was told.
    public var suspects: [String]
    /// Games whose place on the node nobody holds as far as can be seen.
    public var unheldPlaces: Set<String>
    /// Games that hold no place and have a running container.
    public var missingPlaces: Set<String>

    /// - Parameters:
    ///   - containers: of this namespace, as listed, without inspections.
    ///   - marks: what was published last, by container.
    ///   - begun: containers that jobs have started and of which nothing was published.
    ///   - isThorough: whether events may have been missed. A list shows neither a run that began anew nor an
    ///     `oom`, so then every container that runs is looked at.
    ///   - places: games that hold a place on the node.
    public init(
        containers: [ContainerSummary],
        marks: [String: StoryMark],
        begun: Set<String>,
        isThorough: Bool,
        places: Set<String>
    ) {
        let listed = Set(containers.map(\.id))
        let gone = Set(marks.keys).union(begun).subtracting(listed)
        var ended: [String] = []
        var untold: [String] = []
        var others: [String] = []
        for container in containers {
            let isRunning = Self.isRunning(container)
            switch marks[container.id] {
            case let mark? where mark.isRunning && !isRunning: ended.append(container.id)
            case let mark? where mark.isRunning:
                if isThorough || HealthLevel(rawValue: container.health).map({ $0 != mark.health }) == true {
                    others.append(container.id)
                }
            case .some:
                if isThorough || isRunning { others.append(container.id) }
            case nil:
                if container.status != "created" { untold.append(container.id) }
            }
        }
        suspects = gone.sorted() + ended + untold + others
        let running = Set(containers.filter(Self.isRunning).compactMap { $0.labels[GalaxyLabel.gameID] })
        unheldPlaces = places.subtracting(running)
        missingPlaces = running.subtracting(places)
    }

    private static func isRunning(_ container: ContainerSummary) -> Bool {
        ["running", "paused", "restarting"].contains(container.status)
    }
}
