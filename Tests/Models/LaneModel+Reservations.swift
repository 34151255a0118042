import JobContract
import JobQueue

/// What `reservations.lua` is meant to do.
extension LaneModel {
    /// What the job needs on a node: its own limits, else what its game has there, else the defaults. A start of a game
    /// with a reservation needs no more.
    func needs(_ job: LiveJob, on node: NodeID) -> Demand {
        let held = reserved[node]?[job.message.game]
        if let held, job.message.kind == .start, !job.hasLimits { return held }
        return Demand(
            cpu: job.cpu ?? held?.cpu ?? defaultDemand.cpu,
            memory: job.memory ?? held?.memory ?? defaultDemand.memory
        )
    }

    func used(_ node: NodeID) -> Demand {
        (reserved[node] ?? [:]).values.reduce(Demand(cpu: 0, memory: 0)) {
            Demand(cpu: $0.cpu + $1.cpu, memory: $0.memory + $1.memory)
        }
    }

    /// Whether the node has capacity for the game. Its present reservation counts as free.
    func fits(_ game: GameID, _ demand: Demand, on node: NodeID) -> Bool {
        // Nobody knows what runs there.
        if deposed.contains(node) || lostNodes.contains(node) { return false }
        if !countsCapacity { return true }
        let capacity = capacities[node] ?? NodeCapacity()
        let (held, used) = (reserved[node]?[game], used(node))
        if held == nil, capacity.slots > 0, (reserved[node] ?? [:]).count >= capacity.slots { return false }
        func fits(_ capacity: Int64, _ used: Int64, _ own: Int64, _ demand: Int64) -> Bool {
            capacity == 0 || demand <= own || used - own + demand <= capacity
        }
        return fits(capacity.cpu, used.cpu, held?.cpu ?? 0, demand.cpu)
            && fits(capacity.memory, used.memory, held?.memory ?? 0, demand.memory)
    }

    /// Makes the reservation at least as large as the demand.
    mutating func hold(_ game: GameID, _ demand: Demand, on node: NodeID) {
        reserved[node, default: [:]][game] = Self.larger(reserved[node]?[game], demand)
    }

    /// Makes the reservation what a container has. It does not shrink while a job of the game runs.
    mutating func setReservation(_ game: GameID, _ demand: Demand, on node: NodeID, isBusy: Bool = false) {
        reserved[node, default: [:]][game] = isBusy ? Self.larger(reserved[node]?[game], demand) : demand
    }

    /// Whether the reservation is a job's: the job runs, or an attempt of it may have left a container.
    func isBusy(_ game: GameID) -> Bool {
        if states[game] == .active { return true }
        guard let head = lanes[game]?.first.flatMap({ jobs[$0] }) else { return false }
        return head.isDirty && head.message.startsGame
    }

    mutating func free(_ game: GameID, on node: NodeID) {
        if reserved[node]?.removeValue(forKey: game) != nil { freed.insert(node) }
    }

    private static func larger(_ held: Demand?, _ demand: Demand) -> Demand {
        Demand(cpu: max(held?.cpu ?? 0, demand.cpu), memory: max(held?.memory ?? 0, demand.memory))
    }

    /// Reserves what the image of a start asks for. Returns false if the job goes back for want of capacity.
    mutating func reserve(_ id: JobID, _ demand: Demand, on node: NodeID) -> Bool {
        guard var job = jobs[id] else { return false }
        let game = job.message.game
        if fits(game, demand, on: node) {
            hold(game, demand, on: node)
            return true
        }
        (job.cpu, job.memory, job.hasLimits) = (demand.cpu, demand.memory, true)
        jobs[id] = job
        if !job.isDirty { disclaim(id, on: node) }
        restore(id, on: node)
        release(id, isClean: true, restores: false, node: node)
        return false
    }

    /// Gives back what the claim of a start has reserved.
    mutating func restore(_ id: JobID, on node: NodeID) {
        guard let job = jobs[id], job.reserves, reserved[node]?[job.message.game] != nil else { return }
        reserved[node]?[job.message.game] = job.heldBefore
        freed.insert(node)
    }

    /// Ends the ownership that a start has begun.
    mutating func disclaim(_ id: JobID, on node: NodeID) {
        guard let job = jobs[id], job.owns else { return }
        jobs[id]?.owns = false
        if owners[job.message.game] == node { (owners[job.message.game], fences[job.message.game]) = (nil, nil) }
    }
}
