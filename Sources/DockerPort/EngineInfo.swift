import Primitives

/// The used part of `GET /info`.
package struct EngineInfo: Sendable, Equatable {
    /// The Docker Engine's own id. The id survives restarts.
    package var id: String
    /// Hostname of the Docker Engine's machine.
    package var name: String
    /// Folder of the Docker Engine's data; nil if the answer has none.
    package var rootDirectory: String?
    /// Version of the Docker Engine.
    package var serverVersion: String
    /// The negotiated API version.
    package var apiVersion: String
    /// CPUs of the machine.
    package var cpus: Int
    /// Memory of the machine in bytes.
    package var memoryBytes: Int64
    /// Whether containers keep running while the Docker Engine is stopped.
    package var liveRestore: Bool
    /// The part of the Docker Engine in a Swarm.
    package var swarm: SwarmState
    /// The clock of the Docker Engine's machine at the time of the answer, or nil if the answer has no time.
    package var systemTime: Timestamp?

    package init(
        id: String,
        name: String,
        rootDirectory: String? = nil,
        serverVersion: String,
        apiVersion: String,
        cpus: Int,
        memoryBytes: Int64,
        liveRestore: Bool = false,
        swarm: SwarmState = .none,
        systemTime: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.rootDirectory = rootDirectory
        self.serverVersion = serverVersion
        self.apiVersion = apiVersion
        self.cpus = cpus
        self.memoryBytes = memoryBytes
        self.liveRestore = liveRestore
        self.swarm = swarm
        self.systemTime = systemTime
    }
}
