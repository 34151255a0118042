import DockerPort

/// Where the games of a node are reached from other hosts.
package struct Advertisement: Sendable, Equatable {
    /// The name or address of the node, for endpoints. An IPv6 address stands in brackets.
    package var host: String
    /// The address at which the ports are bound.
    package var address: String
    /// The ports to publish, one for each game; nil: the Docker Engine chooses free ones.
    package var ports: ClosedRange<Int>?

    package init(host: String, address: String, ports: ClosedRange<Int>? = nil) {
        self.host = host
        self.address = address
        self.ports = ports
    }

    /// The port to publish for a game, without the port of the host.
    var published: PublishedPort { PublishedPort(address: address, host: host) }
}
