import Foundation

/// A Redis Cluster of one test: three masters, each with a replica.
package final class PrivateCluster: Sendable {
    package let nodes: [PrivateRedis]

    private init(nodes: [PrivateRedis]) { self.nodes = nodes }

    /// The URL with all nodes.
    package var url: String { "redis://" + nodes.map { "127.0.0.1:\($0.port)" }.joined(separator: ",") }

    /// Runs `body` with a cluster that serves all slots, and takes the cluster down in the end.
    package static func with<R>(_ body: (PrivateCluster) async throws -> R) async throws -> R {
        var nodes: [PrivateRedis] = []
        do {
            for _ in 0..<6 {
                // The port of the cluster's bus is 10,000 above.
                nodes.append(
                    try await PrivateRedis.start(
                        extraArguments: [
                            "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-config-file",
                            "nodes.conf",
                        ]
                    )
                )
            }
            let cluster = PrivateCluster(nodes: nodes)
            try await cluster.create()
            let result = try await body(cluster)
            for node in nodes { await node.stop() }
            return result
        } catch {
            let complete = ProcessLogs.completed(error)
            for node in nodes { await node.stop() }
            throw complete
        }
    }

    private func create() async throws {
        try await Tool.run(
            ["redis-cli", "--cluster", "create"] + nodes.map { "127.0.0.1:\($0.port)" }
                + ["--cluster-replicas", "1", "--cluster-yes"]
        )
        for node in nodes {
            try await eventually("node \(node.port) to serve", until: { $0.contains("state:ok") }) {
                try await cli(node, "CLUSTER", "INFO")
            }
        }
    }

    /// Runs `redis-cli` at a node, and returns its output.
    @discardableResult
    package func cli(_ node: PrivateRedis, _ words: String...) async throws -> String {
        try await Tool.run(["redis-cli", "-p", "\(node.port)"] + words)
    }

    /// Returns the master that has a key.
    package func home(of key: String) async throws -> PrivateRedis {
        for node in nodes where node.isRunning {
            let role = try await cli(node, "ROLE")
            guard role.hasPrefix("master") else { continue }
            if try await !cli(node, "EXISTS", key).contains("MOVED") { return node }
        }
        throw Overdue("no master has the key \(key)")
    }

    /// Returns the masters.
    package func masters() async throws -> [PrivateRedis] {
        var masters: [PrivateRedis] = []
        for node in nodes where node.isRunning {
            if try await cli(node, "ROLE").hasPrefix("master") { masters.append(node) }
        }
        return masters
    }

    /// Moves the slot of a key with all its keys, as `redis-cli --cluster reshard` does.
    ///
    /// - Parameter halfway: Called once, when a part of the keys has moved.
    package func moveSlot(
        of key: String,
        from: PrivateRedis,
        to: PrivateRedis,
        halfway: () async throws -> Void = {}
    ) async throws {
        let slot = try await cli(from, "CLUSTER", "KEYSLOT", key).firstWord
        let (source, target) = (
            try await cli(from, "CLUSTER", "MYID").firstWord, try await cli(to, "CLUSTER", "MYID").firstWord
        )
        try await cli(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", source)
        try await cli(from, "CLUSTER", "SETSLOT", slot, "MIGRATING", target)
        var isHalfway = false
        while true {
            let most = isHalfway ? "100" : "10"
            let keys = try await cli(from, "CLUSTER", "GETKEYSINSLOT", slot, most).split(separator: "\n").map(
                String.init
            )
            if keys.isEmpty { break }
            let words = ["MIGRATE", "127.0.0.1", "\(to.port)", "", "0", "5000", "KEYS"] + keys
            try await Tool.run(["redis-cli", "-p", "\(from.port)"] + words)
            if !isHalfway { try await halfway() }
            isHalfway = true
        }
        for node in [to, from] { try await cli(node, "CLUSTER", "SETSLOT", slot, "NODE", target) }
    }

    /// Returns the replicas of a master.
    package func replicas(of master: PrivateRedis) async throws -> [PrivateRedis] {
        var found: [PrivateRedis] = []
        for node in nodes where node.isRunning {
            let role = try await cli(node, "ROLE").split(separator: "\n")
            if role.first == "slave", role.count > 2, role[2] == "\(master.port)" { found.append(node) }
        }
        return found
    }
}

extension String {
    fileprivate var firstWord: String { String(split(whereSeparator: \.isWhitespace).first ?? "") }
}
