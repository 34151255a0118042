import JobContract
import Redis

@testable import Models
@testable import Support

extension HostCampaign {
    /// What becomes of a whole host.
    enum HostFault: String, CaseIterable, Sendable {
        /// Engine, workers and containers die.
        case powerLost
        /// Redis is out of reach, without a word or with refused connections. Containers run on.
        case hostSilenced, hostRefused
        /// The Engine dies and its containers run on.
        case liveRestored
        /// A worker of the other machine begins under the name of this one.
        case nodeCloned
    }

    /// What breaks beside it.
    private enum Fault: String, CaseIterable, Sendable {
        case workerKilled, workerFrozen, workerReplaced
        case connectionsCut, connectionsSlow, connectionsHalfOpen
        case scriptsForgotten, redisKilled, redisFull
        case engineFrozen
    }

    /// Each host fault once before any twice, in an order of the seed. The first ones last longer than the grace.
    func breakThings(_ generator: SeededGenerator, until end: ContinuousClock.Instant) async throws {
        var random = generator
        var pending: [HostFault] = []
        var isFirstRound = true
        while ContinuousClock.now < end {
            if pending.isEmpty { pending = HostFault.allCases.shuffled(using: &random) }
            let fault = pending.removeLast()
            for _ in 0..<Int.random(in: 1...2, using: &random) { try await breakThing(except: nil, &random) }
            guard let host = hosts.randomElement(using: &random) else { return }
            let isLong = Int.random(in: 0..<3, using: &random) > 0 || isFirstRound
            if fault == .nodeCloned { try await clone(host) } else { try await harm(host, fault, isLong, &random) }
            log.add(fault: fault.rawValue)
            isFirstRound = isFirstRound && !pending.isEmpty
        }
    }

    private func lasts(_ time: Duration) async throws {
        try await pause(time, because: "a fault lasts a while")
    }

    // MARK: Hosts

    private func clone(_ host: Host) async throws {
        guard let other = hosts.first(where: { $0.node != host.node }) else { return }
        try await other.pose(as: host.node)
    }

    /// - Parameter isLong: until the node is lost, and games may have moved.
    private func harm(
        _ host: Host,
        _ fault: HostFault,
        _ isLong: Bool,
        _ random: inout SeededGenerator
    ) async throws {
        let moment = Duration.milliseconds(Int.random(in: 300...2_500, using: &random))
        let others = Int.random(in: 0...1, using: &random)
        try await begin(fault, host)
        for _ in 0..<others { try await breakThing(except: host, &random) }
        if isLong {
            try await eventually("the loss of \(host.node)", within: .seconds(60)) { nodes.isLost(host.node) }
        }
        try await lasts(moment)
        try await end(fault, host)
        try await eventually("the return of \(host.node)", within: .seconds(40)) { nodes.isReady(host.node) }
    }

    private func begin(_ fault: HostFault, _ host: Host) async throws {
        switch fault {
        case .powerLost: try await host.powerOff()
        case .hostSilenced: host.line.silence()
        case .hostRefused:
            // Nobody listens there.
            host.line.lead(to: 1)
            host.line.cut()
        case .liveRestored: try await host.docker.kill9()
        case .nodeCloned: break
        }
    }

    private func end(_ fault: HostFault, _ host: Host) async throws {
        switch fault {
        case .powerLost:
            try await host.powerOn()
            note(contactOf: host)
        case .hostSilenced:
            note(contactOf: host)
            host.line.heal()
        case .hostRefused:
            note(contactOf: host)
            host.line.lead(to: fleet.redis.port)
        case .liveRestored:
            try await host.docker.start()
            note(contactOf: host)
        case .nodeCloned: break
        }
    }

    // MARK: What breaks beside it

    /// Breaks one thing, but nothing of `harmed`.
    private func breakThing(except harmed: Host?, _ random: inout SeededGenerator) async throws {
        let fault = Fault.allCases.randomElement(using: &random) ?? .workerKilled
        let moment = Duration.milliseconds(Int.random(in: 10...1_500, using: &random))
        let host = hosts.filter { $0.node != harmed?.node }.randomElement(using: &random)
        guard let host else { return }
        switch fault {
        case .workerKilled, .workerFrozen, .workerReplaced: try await harmWorker(of: host, fault, moment, &random)
        case .connectionsCut, .connectionsSlow, .connectionsHalfOpen: try await harmLine(of: host, fault, moment)
        case .scriptsForgotten, .redisKilled, .redisFull: try await harmRedis(fault, moment)
        case .engineFrozen:
            host.docker.suspend()
            try await lasts(moment * 2)
            host.docker.resume()
        }
        for host in hosts where host.node != harmed?.node { note(contactOf: host) }
        log.add(fault: fault.rawValue)
    }

    private func harmWorker(
        of host: Host,
        _ fault: Fault,
        _ moment: Duration,
        _ random: inout SeededGenerator
    ) async throws {
        let victim = host.workers.randomElement(using: &random)
        switch fault {
        case .workerFrozen:
            victim?.suspend()
            try await lasts(.seconds(Self.lease) + moment)
            victim?.resume()
        case .workerKilled:
            await victim?.kill9()
            try await host.startWorker()
        default:
            victim?.terminate()
            try await host.startWorker()
        }
    }

    private func harmLine(of host: Host, _ fault: Fault, _ moment: Duration) async throws {
        switch fault {
        case .connectionsCut: host.line.cut()
        case .connectionsSlow:
            host.line.delay(by: moment / 3)
            try await lasts(.seconds(1))
            host.line.delay(by: .zero)
        default:
            host.line.silence()
            try await lasts(moment)
            host.line.heal()
        }
    }

    private func harmRedis(_ fault: Fault, _ moment: Duration) async throws {
        switch fault {
        case .scriptsForgotten: try await untilTaken("FUNCTION", "FLUSH")
        case .redisFull:
            try await untilTaken("CONFIG", "SET", "maxmemory", "1")
            try await lasts(moment)
            try await untilTaken("CONFIG", "SET", "maxmemory", "0")
        default:
            await fleet.redis.kill9()
            try await lasts(moment)
            try await fleet.redis.restart()
        }
    }

    private func untilTaken(_ words: String...) async throws {
        try await eventually("Redis to take \(words)", within: .seconds(20)) {
            let arguments = words.dropFirst().map { RedisArgument.string($0) }
            return (try? await fleet.client.send(RedisCommand(words[0], arguments: arguments))) != nil
        }
    }
}
