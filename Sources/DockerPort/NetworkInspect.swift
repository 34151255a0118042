import Primitives

/// The used part of `GET /networks/{name}`.
package struct NetworkInspect: Sendable, Equatable {
    /// Name.
    package var name: String
    /// Docker's `Driver`, verbatim: `bridge`, `overlay`.
    package var driver: String
    /// The address on this network of each container of this Docker Engine, without the length of the prefix.
    package var addresses: [ContainerID: String]

    package init(name: String, driver: String = "bridge", addresses: [ContainerID: String] = [:]) {
        self.name = name
        self.driver = driver
        self.addresses = addresses
    }
}

extension DockerNames {
    /// The network by which containers on an overlay network reach their host, and their host reaches them. Docker
    /// creates the network itself. It has the same name on every host.
    package static let gatewayBridge = "docker_gwbridge"
}
