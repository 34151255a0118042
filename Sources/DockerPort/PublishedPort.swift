/// A port of the host that leads to the game engine in a container.
package struct PublishedPort: Sendable, Equatable {
    /// The address of the host at which the port is bound.
    package var address: String
    /// The name or address of the host in the endpoint. An IPv6 address stands in brackets.
    package var host: String
    /// The port of the host; nil: the Docker Engine chooses a free one.
    package var port: Int?

    package init(address: String, host: String, port: Int? = nil) {
        self.address = address
        self.host = host
        self.port = port
    }
}

/// Where a port of a container is bound on the host, as an inspection shows.
package struct HostPort: Sendable, Equatable {
    package var address: String
    package var port: Int

    package init(address: String, port: Int) {
        self.address = address
        self.port = port
    }
}
