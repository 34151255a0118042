/// The addresses that may lead to the server, in the order of the next attempts.
///
/// The choice is a value without a clock: nodes of a cluster, or sentinels. The address of the last success comes first,
/// as Redis' guide for clients of sentinels advises.
struct ServerChoice: Equatable, Sendable {
    typealias Endpoint = RedisConfiguration.Endpoint

    /// The known addresses, the next one first; one at least.
    private(set) var candidates: [Endpoint]
    /// The node that another node has named. It comes before all candidates.
    private(set) var home: Endpoint?

    init(_ candidates: [Endpoint]) {
        self.candidates = candidates
    }

    /// The address for the next attempt.
    var next: Endpoint { home ?? candidates[0] }

    /// Notes an answer of an address.
    mutating func answered(_ endpoint: Endpoint) {
        guard let index = candidates.firstIndex(of: endpoint) else { return }
        candidates.insert(candidates.remove(at: index), at: 0)
    }

    /// Notes a failed attempt at an address.
    mutating func failed(_ endpoint: Endpoint) {
        if home == endpoint {
            home = nil
        } else if candidates[0] == endpoint {
            candidates.append(candidates.removeFirst())
        }
    }

    /// Notes a node that another node has named.
    mutating func redirected(to endpoint: Endpoint) {
        home = endpoint
    }
}
