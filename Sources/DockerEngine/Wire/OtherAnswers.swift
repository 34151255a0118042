import DockerPort
import Primitives

/// The used fields of `GET /images/{name}/json`.
struct ImageAnswer: LabelledAnswer {
    static var labelPath: [String] { ["Config", "Labels"] }

    struct Config: Decodable {
        var healthcheck: HealthcheckForm?

        enum CodingKeys: String, CodingKey {
            case healthcheck = "Healthcheck"
        }
    }

    var id: String?
    var config: Config?
    var labels: LabelMap?

    /// Returns the image in the port's form.
    ///
    /// - Parameter bytes: The size of the answer.
    func inspect(ref: String, bytes: Int = 0) -> ImageInspect {
        let healthcheck = config?.healthcheck?.port
        return ImageInspect(
            ref: ref,
            id: id ?? "",
            labels: labels ?? [:],
            hasHealthcheck: healthcheck?.isChecked ?? false,
            slowedHealthcheck: healthcheck?.slowed,
            descriptionBytes: bytes
        )
    }

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case config = "Config"
    }
}

/// The used fields of `GET /networks/{name}`.
struct NetworkAnswer: Decodable {
    /// A container's endpoint on the network.
    struct Endpoint: Decodable {
        var name: String?

        enum CodingKeys: String, CodingKey {
            case name = "Name"
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

    /// Whether the Docker Engine is a Swarm worker. A Swarm worker does not list an overlay network until one of its
    /// containers uses the network.
    var isSwarmWorker: Bool { swarm?.localNodeState == "active" && swarm?.controlAvailable != true }

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

/// A line of `GET /events`.
struct EventLine: LabelledAnswer {
    static var labelPath: [String] { ["Actor", "Attributes"] }

    struct Actor: Decodable {
        var id: String?

        enum CodingKeys: String, CodingKey {
            case id = "ID"
        }
    }

    var type: String?
    var action: String?
    var actor: Actor?
    var time: Int64?
    var timeNano: Int64?
    /// The actor's attributes, including the labels.
    var labels: LabelMap?

    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case action = "Action"
        case actor = "Actor"
        case time
        case timeNano
    }
}

/// A line of a pull's progress.
struct PullLine: Decodable {
    struct ErrorDetail: Decodable {
        var message: String?
    }
    struct ProgressDetail: Decodable {
        var current: Int64?
        var total: Int64?
    }

    var id: String?
    var status: String?
    var progressDetail: ProgressDetail?
    var error: String?
    var errorDetail: ErrorDetail?

    /// The failure in the Docker Engine's words. Newer versions send only the detail.
    var failure: String? { errorDetail?.message ?? error }
}
