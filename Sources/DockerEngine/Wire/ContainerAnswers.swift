import DockerPort
import Primitives

/// The used fields of `GET /containers/{id}/json`. Docker Engines leave out empty fields, and each version leaves out
/// other fields.
struct ContainerAnswer: Decodable {
    struct Config: Decodable {
        var image: String?
        var hostname: String?
        var user: String?
        var healthcheck: HealthcheckForm?

        enum CodingKeys: String, CodingKey {
            case image = "Image"
            case hostname = "Hostname"
            case user = "User"
            case healthcheck = "Healthcheck"
        }
    }
    struct Health: Decodable {
        var status: String?

        enum CodingKeys: String, CodingKey {
            case status = "Status"
        }
    }
    struct State: Decodable {
        var status: String?
        var exitCode: Int?
        var oomKilled: Bool?
        var error: String?
        var startedAt: String?
        var finishedAt: String?
        var health: Health?

        enum CodingKeys: String, CodingKey {
            case status = "Status"
            case exitCode = "ExitCode"
            case oomKilled = "OOMKilled"
            case error = "Error"
            case startedAt = "StartedAt"
            case finishedAt = "FinishedAt"
            case health = "Health"
        }
    }
    struct Mount: Decodable {
        var type: String?
        var source: String?
        var destination: String?
        var isWritable: Bool?

        enum CodingKeys: String, CodingKey {
            case type = "Type"
            case source = "Source"
            case destination = "Destination"
            case isWritable = "RW"
        }
    }
    struct HostConfig: Decodable {
        var nanoCpus: Int64?
        var memory: Int64?
        var memorySwap: Int64?
        var pidsLimit: Int64?
        var privileged: Bool?
        var readonlyRootfs: Bool?
        var securityOpt: [String]?
        var pidMode: String?
        var ipcMode: String?
        var utsMode: String?
        var cgroupnsMode: String?
        var oomScoreAdj: Int?
        var ulimits: [CreateBody.Ulimit]?
        var logConfig: LogConfiguration?

        enum CodingKeys: String, CodingKey {
            case nanoCpus = "NanoCpus"
            case memory = "Memory"
            case memorySwap = "MemorySwap"
            case pidsLimit = "PidsLimit"
            case privileged = "Privileged"
            case readonlyRootfs = "ReadonlyRootfs"
            case securityOpt = "SecurityOpt"
            case pidMode = "PidMode"
            case ipcMode = "IpcMode"
            case utsMode = "UTSMode"
            case cgroupnsMode = "CgroupnsMode"
            case oomScoreAdj = "OomScoreAdj"
            case ulimits = "Ulimits"
            case logConfig = "LogConfig"
        }
    }
    struct LogConfiguration: Decodable {
        var type: String?

        enum CodingKeys: String, CodingKey {
            case type = "Type"
        }
    }
    struct Endpoint: Decodable {
        var address: String?
        var networkID: String?
        var gateway: String?

        /// Whether the network is an overlay: a network of Swarm without a gateway on the host. Networks of Swarm have
        /// ids of another form than networks of a single Docker Engine.
        var isOnOverlay: Bool {
            guard let networkID, (gateway ?? "").isEmpty else { return false }
            return SwarmRefusal.isSwarmID(networkID)
        }

        enum CodingKeys: String, CodingKey {
            case address = "IPAddress"
            case networkID = "NetworkID"
            case gateway = "Gateway"
        }
    }
    struct NetworkSettings: Decodable {
        var networks: [String: Endpoint?]?
        var ports: [String: [PortBinding]?]?

        enum CodingKeys: String, CodingKey {
            case networks = "Networks"
            case ports = "Ports"
        }
    }
    struct PortBinding: Decodable {
        var address: String?
        var port: String?

        enum CodingKeys: String, CodingKey {
            case address = "HostIp"
            case port = "HostPort"
        }
    }

    var id: String
    var name: String?
    var image: String?
    var created: String?
    var restartCount: Int?
    var config: Config?
    var state: State?
    var mounts: [Mount]?
    var hostConfig: HostConfig?
    var networkSettings: NetworkSettings?
    var labels: LabelMap?

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case name = "Name"
        case image = "Image"
        case created = "Created"
        case restartCount = "RestartCount"
        case config = "Config"
        case state = "State"
        case mounts = "Mounts"
        case hostConfig = "HostConfig"
        case networkSettings = "NetworkSettings"
    }
}

extension ContainerAnswer: LabelledAnswer {
    static var labelPath: [String] { ["Config", "Labels"] }

    /// The container in the port's form.
    var inspect: ContainerInspect {
        ContainerInspect(
            id: ContainerID(id),
            name: withoutSlash(name ?? ""),
            imageRef: config?.image ?? "",
            imageID: image ?? "",
            hostname: config?.hostname ?? "",
            labels: labels ?? [:],
            status: state?.status ?? "",
            health: state?.health?.status ?? "",
            restartCount: restartCount ?? 0,
            createdAt: engineTime(created),
            startedAt: engineTime(state?.startedAt),
            finishedAt: engineTime(state?.finishedAt),
            exitCode: state?.exitCode ?? 0,
            oomKilled: state?.oomKilled ?? false,
            mounts: (mounts ?? []).compactMap(\.bind),
            addresses: addresses,
            overlays: overlays,
            nanoCPUs: hostConfig?.nanoCpus ?? 0,
            memoryBytes: hostConfig?.memory ?? 0,
            hostPorts: hostPorts
        )
    }

    /// The limits reported by the Docker Engine. A missing limit is 0: no limit.
    var limits: Limits {
        Limits(
            nanoCPUs: hostConfig?.nanoCpus ?? 0,
            memory: hostConfig?.memory ?? 0,
            memorySwap: hostConfig?.memorySwap ?? 0,
            pids: hostConfig?.pidsLimit ?? 0
        )
    }

    /// The first binding of each TCP port. Docker binds a port at `0.0.0.0` and at `::`. Podman also shows the ports of an
    /// exited container.
    private var hostPorts: [Int: HostPort] {
        guard ["running", "paused"].contains(state?.status) else { return [:] }
        var found: [Int: HostPort] = [:]
        for (name, bindings) in networkSettings?.ports ?? [:] where name.hasSuffix("/tcp") {
            guard let port = Int(name.dropLast("/tcp".count)), let binding = bindings?.first,
                let hostPort = binding.port.flatMap({ Int($0) }), hostPort > 0
            else { continue }
            found[port] = HostPort(address: binding.address ?? "", port: hostPort)
        }
        return found
    }

    private var addresses: [String: String] {
        var addresses: [String: String] = [:]
        for (network, endpoint) in networkSettings?.networks ?? [:] {
            if let address = endpoint?.address, !address.isEmpty { addresses[network] = address }
        }
        return addresses
    }

    private var overlays: Set<String> {
        let networks = networkSettings?.networks ?? [:]
        return Set(networks.compactMap { name, endpoint in endpoint?.isOnOverlay == true ? name : nil })
    }
}

extension ContainerAnswer.Mount {
    fileprivate var bind: BindMount? {
        guard type == "bind" else { return nil }
        return BindMount(hostPath: source ?? "", mountPath: destination ?? "", readOnly: isWritable == false)
    }
}

/// A row of `GET /containers/json?all=1`.
struct ContainerRow: Decodable {
    var id: String
    var names: [String]?
    var image: String?
    var state: String?
    /// A text for people: `Up 5 minutes (healthy)`.
    var status: String?
    var labels: LabelMap?

    /// The result of the health check, read from `status`; empty if `status` has none.
    var health: String {
        guard let status else { return "" }
        if status.hasSuffix("(healthy)") { return "healthy" }
        return status.hasSuffix("(unhealthy)") ? "unhealthy" : ""
    }

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case names = "Names"
        case image = "Image"
        case state = "State"
        case status = "Status"
    }
}

extension ContainerRow: LabelledAnswer {
    static var labelPath: [String] { ["Labels"] }
}

/// The body of a 201 answer to `POST /containers/create`.
struct CreatedAnswer: Decodable {
    var id: String
    var warnings: [String]?

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case warnings = "Warnings"
    }
}

/// Returns the time of an answer; nil if the time is not set. Docker writes an unset time as the first second of the
/// year 1.
func engineTime(_ text: String?) -> Timestamp? {
    guard let text, let time = Timestamp(rfc3339: text), time.seconds > -62_135_596_800 else { return nil }
    return time
}

/// Returns a container's name without the Docker Engine's leading slash.
func withoutSlash(_ name: String) -> String { name.hasPrefix("/") ? String(name.dropFirst()) : name }
