import DockerPort
import Primitives

/// The used fields of `GET /networks/{name}`.
struct NetworkAnswer: Decodable {
    /// A container's endpoint on the network.
    struct Endpoint: Decodable {
        var name: String?
        /// With the length of the prefix: `172.18.0.3/16`.
        var ipv4: String?
        var ipv6: String?

        var address: String? {
            let text = [ipv4, ipv6].compactMap(\.self).first { !$0.isEmpty }
            return text?.split(separator: "/").first.map(String.init)
        }

        enum CodingKeys: String, CodingKey {
            case name = "Name"
            case ipv4 = "IPv4Address"
            case ipv6 = "IPv6Address"
        }
    }

    var id: String?
    var name: String
    var created: String?
    /// The endpoints by container id. An endpoint without a container has a key of another form.
    var containers: [String: Endpoint]?
    var driver: String?
    var scope: String?
    var isAttachable: Bool?
    var isIngress: Bool?

    var createdAt: Timestamp? { engineTime(created) }

    /// The network in the port's form.
    var inspect: NetworkInspect {
        var addresses: [ContainerID: String] = [:]
        for (id, endpoint) in containers ?? [:] where DockerNames.isContainerID(id) {
            addresses[ContainerID(id)] = endpoint.address
        }
        return NetworkInspect(name: name, driver: driver ?? "", addresses: addresses)
    }

    /// The reason against attaching this project's containers; nil if there is none.
    var obstacle: String? {
        if isIngress == true { return "it is Swarm's ingress network" }
        if scope == "swarm", isAttachable != true {
            return "it is a Swarm network that was created without --attachable"
        }
        if let driver, ["host", "null"].contains(driver) { return "its driver is \(driver)" }
        return nil
    }

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case name = "Name"
        case created = "Created"
        case containers = "Containers"
        case driver = "Driver"
        case scope = "Scope"
        case isAttachable = "Attachable"
        case isIngress = "Ingress"
    }
}
