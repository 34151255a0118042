import JobContract
import JobQueue
import Redis

@testable import Models
@testable import Support

extension ModelRun {
    /// Compares everything that Redis holds with the model, and the invariants that neither may break.
    mutating func compareAll() async throws {
        try await compareLanes()
        try await compareReady()
        try await compareCounts()
        try await compareResults()
    }

    private func compareLanes() async throws {
        for game in Self.games {
            let lane = model.lanes[game] ?? []
            try agree(
                try await list("lane:\(game)"),
                lane.dropFirst().map(\.text),
                "what waits behind the head of \(game)"
            )
            for (index, id) in lane.enumerated() {
                guard let job = model.jobs[id] else { continue }
                let hash = JobRecord.named(try await world.hash(world.keys.job(id)))
                try agree(hash["state"], job.state.rawValue, "state of \(id)")
                try agree(hash["_attempts"] ?? "0", String(job.attempts), "attempts of \(id)")
                // Only the head of a lane is ever under way.
                if index > 0 { try agree(job.state, .waiting, "state of \(id), which is no head") }
            }
        }
        var expected: [String: LaneRecord] = [:]
        for (game, state) in model.states {
            let head = model.lanes[game]?.first ?? "none"
            expected[game.text] =
                switch state {
                case .ready(let list): LaneRecord(.ready, head, list: "ready:\(list)")
                case .active: LaneRecord(.active, head, token: try await token(of: head))
                case .delayed: LaneRecord(.delayed, head)
                }
        }
        try agree(try await world.lanes(), expected, "lanes")
        // The message of a lost record goes when the loss is found.
        let ids = Set(model.jobs.keys).union(model.lanes.values.joined().filter { model.lost.contains($0) })
        try agree(try await keys("message:").sorted(), ids.sorted().map(\.text), "messages")
    }

    private func compareReady() async throws {
        var places: [String: Int] = [:]
        for (list, entries) in model.ready {
            let real = try await command("ZRANGE", "ready:" + list, "0", "-1")
            try agree(real, entries.map(\.game.text), "list \(list)")
            for game in real { places[game, default: 0] += 1 }
        }
        // A lane is on one list exactly while it is ready.
        let ready = model.states.filter { if case .ready = $0.value { true } else { false } }.keys
        try agree(places, Dictionary(uniqueKeysWithValues: ready.map { ($0.text, 1) }), "places of lanes")
        let running = model.jobs.filter { $0.value.state == .running }.keys.sorted().map(\.text)
        try agree(try await command("ZRANGE", "leases", "0", "-1").sorted(), running, "leases")
        let delayed = model.states.filter { $0.value == .delayed }.keys.compactMap { model.lanes[$0]?.first?.text }
            .sorted()
        try agree(try await command("ZRANGE", "delayed", "0", "-1").sorted(), delayed, "retries")
    }

    private func compareCounts() async throws {
        try agree(try await world.liveCount(), model.live, "jobs in the window")
        try agree(try await world.hash(world.keys.meta)["lost_records"] ?? "0", "\(model.ghosts)", "lost records")
        try agree(
            try await world.owners(),
            Dictionary(uniqueKeysWithValues: model.owners.map { ($0.text, $1.text) }),
            "owners"
        )
        for node: NodeID in ["n1", "n2"] {
            let expected = (model.reserved[node] ?? [:]).map { ($0.text, $1.text) }
            let real = try await world.hash(world.keys.reservations(node)).mapValues {
                NodeReservation($0)?.demand.text ?? $0
            }
            try agree(real, Dictionary(uniqueKeysWithValues: expected), "reservations on \(node)")
            let (sums, used) = (try await world.hash(world.keys.prefix + "node:\(node)"), model.used(node))
            try agree(
                [sums["used_cpu"] ?? "0", sums["used_memory"] ?? "0"],
                ["\(used.cpu)", "\(used.memory)"],
                "sums of \(node)"
            )
            let disowned = try await command("SMEMBERS", "disowned:\(node)").sorted()
            try agree(disowned, (model.disowned[node] ?? []).map(\.text).sorted(), "disowned games of \(node)")
        }
        let unreported = try await command("ZRANGE", "unreported", "0", "-1").sorted()
        try agree(unreported, model.untold.map(\.text).sorted(), "nodes without a report")
        let lost = try await command("ZRANGE", "lost_nodes", "0", "-1").sorted()
        try agree(lost, model.lostNodes.map(\.text).sorted(), "lost nodes")
        for name in Self.queueNames {
            let (waiting, woken) = (model.queues[name]?.count ?? 0, model.inbox[name] ?? 0)
            try agree(try await list("queue:\(name)").count, waiting - woken, "length of \(name)")
            try agree(try await list("inbox:\(name)").count, woken, "inbox of \(name)")
        }
    }

    /// Compares the results since the last comparison. Redis and the model only add results at the end.
    private mutating func compareResults() async throws {
        let new = try await world.results(after: lastResult)
        let real = new.map { _, result in
            LaneModel.Result(
                id: result.jobID,
                outcome: result.outcome ?? .failed,
                code: result.errorCode,
                run: Int(result.fields["run"] ?? "1") ?? 0
            )
        }
        try agree(real, Array(model.results.dropFirst(comparedResults)), "results")
        for result in real {
            let isFirst = idsWithResult.insert("\(result.id) \(result.run)").inserted
            try agree(isFirst, true, "one result for run \(result.run) of \(result.id)")
        }
        lastResult = new.last?.entry ?? lastResult
        comparedResults += real.count
    }

    /// Under which the record says that the job runs.
    private func token(of id: JobID) async throws -> LeaseToken {
        LeaseToken(JobRecord.named(try await world.hash(world.keys.job(id)))["_token"] ?? "none")
    }

    /// What follows `begin` in the names of the keys that begin so.
    private func keys(_ begin: String) async throws -> [String] {
        let begin = world.keys.prefix + begin
        let names = try await world.client.send(RedisCommand("KEYS", .string(begin + "*"))).array ?? []
        return names.compactMap { $0.string.map { String($0.dropFirst(begin.count)) } }
    }

    private func list(_ name: String) async throws -> [String] {
        // The oldest first, in lanes and in queues.
        let texts = try await command("LRANGE", name, "0", "-1")
        return name.hasPrefix("lane:") ? texts : texts.reversed()
    }

    private func command(_ verb: String, _ name: String, _ more: String...) async throws -> [String] {
        let arguments = [RedisArgument.string(world.keys.prefix + name)] + more.map { RedisArgument.string($0) }
        return (try await world.client.send(RedisCommand(verb, arguments: arguments)).array ?? []).compactMap(\.string)
    }
}
