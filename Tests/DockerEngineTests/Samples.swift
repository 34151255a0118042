import Primitives
import DockerPort

@testable import DockerEngine

/// Answers and specs that several tests share.
enum Samples {
    static let id = ContainerID(String(repeating: "a1", count: 32))
    static let otherID = ContainerID(String(repeating: "b2", count: 32))
    static let labels: LabelMap = ["com.galaxy.owner": "rtmanager", "com.galaxy.job_id": "j1"]
    static let created = #"{"Id":"\#(id)","Warnings":[]}"#

    static func spec() -> RunSpec {
        RunSpec(
            name: "galaxy-game-g1",
            image: "galaxy/engine:1",
            hostname: "galaxy-game-g1",
            network: "galaxy-net",
            env: ["B": "2", "A": "1"],
            labels: labels,
            logDriver: "json-file",
            logOpts: ["max-size": "10m"],
            cpuQuota: 0.5,
            memory: "64m",
            pidsLimit: 64
        )
    }

    /// What the Engine says of a container made by ``spec()``.
    static func inspect(
        id: ContainerID = id,
        status: String = "running",
        exitCode: Int = 0,
        startedAt: String = "2026-05-04T03:02:01.5Z",
        finishedAt: String = "0001-01-01T00:00:00Z",
        oomKilled: Bool = false,
        labels: LabelMap = labels,
        pids: Int = 64
    ) -> String {
        let pairs = labels.map { #""\#($0.key)":"\#($0.value)""# }.joined(separator: ",")
        return #"""
            {"Id":"\#(id)","Name":"/galaxy-game-g1","Image":"sha256:1","Created":"2026-05-04T03:02:01.4Z",
             "Config":{"Image":"galaxy/engine:1","Hostname":"galaxy-game-g1","Labels":{\#(pairs)}},
             "State":{"Status":"\#(status)","ExitCode":\#(exitCode),"OOMKilled":\#(oomKilled),"Error":"",
              "StartedAt":"\#(startedAt)","FinishedAt":"\#(finishedAt)"},
             "HostConfig":{"NanoCpus":500000000,"Memory":67108864,"MemorySwap":67108864,"PidsLimit":\#(pids),
              "SecurityOpt":["no-new-privileges"],"LogConfig":{"Type":"json-file","Config":{}}},
             "NetworkSettings":{"Networks":{"galaxy-net":{"IPAddress":"172.18.0.2"}}}}
            """#
    }

    static let neverStarted = "0001-01-01T00:00:00Z"

    static func message(_ text: String) -> String { #"{"message":"\#(text)"}"# }
}

/// What `body` failed with; nil where it did not fail, or not with a ``DockerError``.
func dockerFailure<Value>(_ body: () async throws -> Value) async -> DockerError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? DockerError
    }
}
