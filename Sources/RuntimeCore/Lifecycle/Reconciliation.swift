import DockerPort
import JobContract
import Primitives

/// The difference between a list of the Docker Engine's containers and their checkpoints.
///
/// The result names containers with possible unpublished steps. An inspection and ``LifecycleSteps`` then find the steps.
package struct Reconciliation: Sendable, Equatable {
    /// Containers to inspect: first containers with a missed end, then containers without a published step, then all
    /// others.
    package var suspects: [ContainerID]
    /// Games with a node reservation, but without a running container in the list.
    package var surplusReservations: Set<GameID>
    /// Games with a running container, but with another node reservation or none: what the container has.
    package var wrongReservations: [GameID: RunningGame]

    /// Compares the list with the checkpoints.
    ///
    /// - Parameters:
    ///   - containers: The containers of this namespace according to their labels, listed without inspections.
    ///   - ours: Whether an inspected container is ours. Containers without an inspection are missing.
    ///   - checkpoints: The checkpoint of each container.
    ///   - started: Containers started by jobs, without a published step so far.
    ///   - isThorough: Whether events may have been missed. A list shows neither a restart nor an `oom`, so every
    ///     running container then needs an inspection.
    ///   - reservations: The node reservations.
    ///   - running: The running games with an inspected container. A container without an inspection may keep a
    ///     reservation, but never changes one.
    ///   - ports: The range of ports that the node counts; nil: none.
    package init(
        containers: [ContainerSummary],
        ours: [ContainerID: Bool],
        checkpoints: [ContainerID: Checkpoint],
        started: Set<ContainerID>,
        isThorough: Bool,
        reservations: [GameID: NodeReservation],
        running inspected: [GameID: RunningGame],
        ports: ClosedRange<Int>? = nil
    ) {
        let listed = Set(containers.map(\.id))
        let gone = Set(checkpoints.keys).union(started).subtracting(listed)
        var ended: [ContainerID] = []
        var unpublished: [ContainerID] = []
        var others: [ContainerID] = []
        for container in containers where ours[container.id] != false {
            let isRunning = container.hasProcess
            switch checkpoints[container.id] {
            case let checkpoint? where checkpoint.isRunning && !isRunning: ended.append(container.id)
            case let checkpoint? where checkpoint.isRunning:
                if isThorough || HealthLevel(rawValue: container.health).map({ $0 != checkpoint.health }) == true {
                    others.append(container.id)
                }
            case .some:
                if isThorough || isRunning { others.append(container.id) }
            case nil:
                if container.status != "created" { unpublished.append(container.id) }
            }
        }
        suspects = gone.sorted() + ended + unpublished + others
        let running = containers.filter { $0.isRunning && ours[$0.id] != false }
        let games = Set(running.compactMap { $0.labels[GalaxyLabel.gameID].map { GameID($0) } })
        surplusReservations = Set(reservations.keys).subtracting(games)
        wrongReservations = inspected.filter { game, running in
            let port = running.port.flatMap { ports?.contains($0) == true ? $0 : nil }
            let right = NodeReservation(demand: running.demand, containerID: running.containerID, port: port)
            return games.contains(game) && reservations[game] != right
        }
    }
}
