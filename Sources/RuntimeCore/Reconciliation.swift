import Primitives
import DockerPort
import JobContract

/// Which containers may have more to tell than was published: the difference between a list of the Engine and what
/// was published. What they have to tell, ``Story`` says, when they were looked at.
package struct Reconciliation: Sendable, Equatable {
    /// Containers to be looked at: first those whose end was missed, then those of which nothing was told.
    package var suspects: [String]
    /// Games whose place on the node nobody holds as far as can be seen.
    package var unheldPlaces: Set<String>
    /// Games that hold no place and have a running container.
    package var missingPlaces: Set<String>

    /// - Parameters:
    ///   - containers: whose labels name this namespace, as listed, without inspections.
    ///   - ours: which of them were looked at and are ours, or are not; a container that nobody has looked at is missing.
    ///   - marks: what was published last, by container.
    ///   - begun: containers that jobs have started and of which nothing was published.
    ///   - isThorough: whether events may have been missed. A list shows neither a run that began anew nor an
    ///     `oom`, so then every container that runs is looked at.
    ///   - places: games that hold a place on the node.
    package init(
        containers: [ContainerSummary],
        ours: [String: Bool],
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
        for container in containers where ours[container.id] != false {
            let isRunning = container.hasProcess
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
        let running = containers.filter { $0.isRunning && ours[$0.id] != false }
        func games(_ containers: [ContainerSummary]) -> Set<String> {
            Set(containers.compactMap { $0.labels[GalaxyLabel.gameID] })
        }
        // A container that nobody has looked at may hold a place, and takes none.
        unheldPlaces = places.subtracting(games(running))
        missingPlaces = games(running.filter { ours[$0.id] == true }).subtracting(places)
    }
}
