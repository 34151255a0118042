import Foundation

/// What `docker inspect` says of a container, as far as tests look at it.
public struct ContainerSettings: Sendable, Decodable {
    public let Id: String
    public let Name: String
    public let State: StateSection
    public let Config: ConfigSection
    public let HostConfig: HostSection
    public let Mounts: [Mount]
    public let NetworkSettings: NetworkSection

    public struct StateSection: Sendable, Decodable {
        public let Status: String
        public let StartedAt: String
        public let FinishedAt: String
        public let ExitCode: Int
    }

    public struct ConfigSection: Sendable, Decodable {
        public let Hostname: String
        public let Image: String
        public let Env: [String]?
        public let Cmd: [String]?
        public let User: String
        public let Labels: [String: String]?
    }

    public struct HostSection: Sendable, Decodable {
        public let NanoCpus: Int64
        public let Memory: Int64
        public let MemorySwap: Int64
        public let PidsLimit: Int64?
        public let Privileged: Bool
        public let ReadonlyRootfs: Bool
        public let Init: Bool?
        public let CapDrop: [String]?
        public let CapAdd: [String]?
        public let SecurityOpt: [String]?
        public let NetworkMode: String
        public let PidMode: String
        public let IpcMode: String
        public let UTSMode: String
        public let RestartPolicy: Restart
        public let LogConfig: Log

        public struct Restart: Sendable, Decodable { public let Name: String }
        public struct Log: Sendable, Decodable {
            public let `Type`: String
            public let Config: [String: String]
        }
    }

    public struct Mount: Sendable, Decodable {
        public let `Type`: String
        public let Source: String
        public let Destination: String
        public let RW: Bool
        /// As `docker run --volume` takes it.
        public var volume: String { "\(Source):\(Destination):\(RW ? "rw" : "ro")" }
    }

    public struct NetworkSection: Sendable, Decodable {
        public let Networks: [String: Endpoint]
        public struct Endpoint: Sendable, Decodable { public let Aliases: [String]? }
    }
}

extension TestEngine {
    /// `docker inspect` of a container; nil where there is none.
    public func inspect(_ container: String) async throws -> ContainerSettings? {
        let text: String
        do {
            text = try await docker("inspect", "--type", "container", container)
        } catch {
            guard "\(error)".contains("No such container") else { throw error }
            return nil
        }
        return try JSONDecoder().decode([ContainerSettings].self, from: Data(text.utf8)).first
    }
}
