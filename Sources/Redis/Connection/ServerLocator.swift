import Logging
import NIOCore
import Synchronization

/// Finds the server before each connection, and ends the connections to a former master.
///
/// All connections of a client share a locator: so a blocking connection also ends when a sentinel announces another
/// master.
final class ServerLocator: Sendable {
    private struct State {
        var choice: ServerChoice
        /// The open connections, by the identity of their channel.
        var sessions: [ObjectIdentifier: Session] = [:]
        /// The last announced master, as long as a connection may be under way to the master before.
        var announced: (master: RedisConfiguration.Endpoint, until: NIODeadline)?
    }

    private let configuration: RedisConfiguration
    private let state: Mutex<State>

    init(_ configuration: RedisConfiguration) {
        self.configuration = configuration
        let candidates =
            switch configuration.server {
            case .at(let endpoint): [endpoint]
            case .cluster(let nodes): nodes
            case .sentinels(let group): group.addresses
            }
        state = Mutex(State(choice: ServerChoice(candidates)))
    }

    /// Returns the address for the next connection.
    ///
    /// - Throws: `RedisError.connection` if no sentinel names the master.
    func address() async throws(RedisError) -> RedisConfiguration.Endpoint {
        guard case .sentinels(let group) = configuration.server else { return state.withLock { $0.choice.next } }
        return try await master(of: group)
    }

    /// Notes that the server at an address does not accept connections.
    func failed(_ endpoint: RedisConfiguration.Endpoint) {
        state.withLock { state in
            switch configuration.server {
            case .at, .cluster: state.choice.failed(endpoint)
            // Another sentinel may know better than the one that named this master.
            case .sentinels: state.choice.failed(state.choice.next)
            }
        }
    }

    /// Notes the node of a cluster that has the keys.
    func redirected(to endpoint: RedisConfiguration.Endpoint) {
        state.withLock { $0.choice.redirected(to: endpoint) }
    }

    /// Asks the sentinels in turn for the master.
    private func master(of group: RedisSentinels) async throws(RedisError) -> RedisConfiguration.Endpoint {
        var problems: [String: String] = [:]
        for _ in group.addresses {
            let address = state.withLock { $0.choice.next }
            do throws(RedisError) {
                let master = try await Sentinel(address, of: group, configuration).master()
                state.withLock { $0.choice.answered(address) }
                return master
            } catch .cancelled(let may) {
                throw .cancelled(mayHaveHappened: may)
            } catch {
                if case .connection(let reason, _) = error {
                    problems[address.description] = reason
                } else {
                    problems[address.description] = "sentinel \(address): \(error)"
                }
                state.withLock { $0.choice.failed(address) }
            }
        }
        // In the configured order, so that the same trouble has the same text.
        let texts = group.addresses.compactMap { problems[$0.description] }
        let reason = "no sentinel names the master: \(texts.joined(separator: "; "))"
        throw .connection(reason: reason, mayHaveHappened: false)
    }
}

extension ServerLocator {
    /// Notes an open connection.
    func opened(_ session: Session) {
        guard case .sentinels = configuration.server else { return }
        let isFormer = state.withLock { state in
            state.sessions[session.id] = session
            guard let announced = state.announced, .now() < announced.until else { return false }
            return session.server != announced.master
        }
        if isFormer { session.close("a sentinel has announced another master") }
        session.whenClosed { self.state.withLock { _ = $0.sessions.removeValue(forKey: session.id) } }
    }

    /// Ends all connections to other servers than the master.
    private func announced(_ master: RedisConfiguration.Endpoint) {
        let former = state.withLock { state in
            state.announced = (master, .now() + TimeAmount(configuration.connectTimeout))
            return state.sessions.values.filter { $0.server != master }
        }
        for session in former { session.close("the master is \(master) now") }
    }

    /// The delay between attempts to hear a sentinel.
    private static let pause = Duration.seconds(1)

    /// Hears the sentinels' announcements until the task is cancelled. Returns at once for a server without sentinels.
    func followMaster(logger: Logger) async {
        guard case .sentinels(let group) = configuration.server else { return }
        while !Task.isCancelled {
            let address = state.withLock { $0.choice.next }
            do throws(RedisError) {
                try await Sentinel(address, of: group, configuration).hear { master in
                    logger.notice("a sentinel announces the master", metadata: ["master": "\(master)"])
                    self.announced(master)
                } whenHearing: {
                    // The master may have changed before the subscription.
                    if let master = try? await self.master(of: group) { self.announced(master) }
                }
            } catch {
                logger.debug("no sentinel is heard", metadata: ["sentinel": "\(address)", "error": "\(error)"])
                state.withLock { $0.choice.failed(address) }
            }
            // Only a pause between attempts. A cancellation ends it and the loop.
            try? await Task.sleep(for: Self.pause)
        }
    }
}
