import Foundation

/// What `docker inspect` says of a container, as far as tests look at it.
package struct ContainerSettings: Sendable, Decodable {
    package let Id: String
    package let Name: String
    package let State: StateSection
    package let Config: ConfigSection
    package let HostConfig: HostSection
    package let Mounts: [Mount]
    package let NetworkSettings: NetworkSection

    package struct StateSection: Sendable, Decodable {
        package let Status: String
        package let StartedAt: String
        package let FinishedAt: String
        package let ExitCode: Int
        package let OOMKilled: Bool
    }

    package struct ConfigSection: Sendable, Decodable {
        package let Hostname: String
        package let Image: String
        package let Env: [String]?
        package let Cmd: [String]?
        package let User: String
        package let Labels: [String: String]?
    }

    package struct HostSection: Sendable, Decodable {
        package let NanoCpus: Int64
        package let Memory: Int64
        package let MemorySwap: Int64
        package let PidsLimit: Int64?
        package let Privileged: Bool
        package let ReadonlyRootfs: Bool
        package let Init: Bool?
        package let CapDrop: [String]?
        package let CapAdd: [String]?
        package let SecurityOpt: [String]?
        package let NetworkMode: String
        package let PidMode: String
        package let IpcMode: String
        package let UTSMode: String
        package let RestartPolicy: Restart
        package let LogConfig: Log

        package struct Restart: Sendable, Decodable { public let Name: String }
        package struct Log: Sendable, Decodable {
            package let `Type`: String
            package let Config: [String: String]
        }
    }

    package struct Mount: Sendable, Decodable {
        package let `Type`: String
        package let Source: String
        package let Destination: String
        package let RW: Bool
        /// As `docker run --volume` takes it.
        package var volume: String { "\(Source):\(Destination):\(RW ? "rw" : "ro")" }
    }

    package struct NetworkSection: Sendable, Decodable {
        package let Networks: [String: Endpoint]
        package struct Endpoint: Sendable, Decodable { public let Aliases: [String]? }
    }
}

extension TestEngine {
    /// `docker inspect` of a container; nil where there is none.
    package func inspect(_ container: String) async throws -> ContainerSettings? {
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
