/// The part of a Docker Engine in a Swarm.
package enum SwarmState: Sendable, Equatable {
    /// In no Swarm.
    case none
    /// A manager. A manager lists all networks of the Swarm.
    case manager
    /// A worker. A worker lists an overlay network only while one of its containers uses the network.
    case worker
    /// In a Swarm, but not able to take part in it: no manager answers, or the Docker Engine is locked. Docker's word.
    case away(String)
}
