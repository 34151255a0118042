import DockerPort
import Primitives

/// The used fields of `GET /info`.
struct InfoAnswer: Decodable {
    struct Swarm: Decodable {
        var localNodeState: String?
        var controlAvailable: Bool?

        enum CodingKeys: String, CodingKey {
            case localNodeState = "LocalNodeState"
            case controlAvailable = "ControlAvailable"
        }
    }

    var id: String?
    var name: String?
    var rootDirectory: String?
    var serverVersion: String?
    var cpus: Int?
    var memTotal: Int64?
    var liveRestoreEnabled: Bool?
    var swarm: Swarm?
    var systemTime: String?

    /// The part of the Docker Engine in a Swarm.
    var swarmState: SwarmState {
        switch swarm?.localNodeState ?? "" {
        case "", "inactive": .none
        case "active": swarm?.controlAvailable == true ? .manager : .worker
        case let word: .away(printable(word, limit: 64))
        }
    }

    /// Returns the description in the port's form.
    func info(apiVersion: String) -> EngineInfo {
        EngineInfo(
            id: id ?? "",
            name: name ?? "",
            rootDirectory: rootDirectory,
            serverVersion: serverVersion ?? "",
            apiVersion: apiVersion,
            cpus: cpus ?? 0,
            memoryBytes: memTotal ?? 0,
            liveRestore: liveRestoreEnabled ?? false,
            swarm: swarmState,
            systemTime: systemTime.flatMap { Timestamp(rfc3339: $0) }
        )
    }

    enum CodingKeys: String, CodingKey {
        case id = "ID"
        case name = "Name"
        case rootDirectory = "DockerRootDir"
        case serverVersion = "ServerVersion"
        case cpus = "NCPU"
        case memTotal = "MemTotal"
        case liveRestoreEnabled = "LiveRestoreEnabled"
        case swarm = "Swarm"
        case systemTime = "SystemTime"
    }
}
