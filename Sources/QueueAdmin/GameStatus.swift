import JobContract
import Primitives

/// A game with a container, as `{ns}:games` describes it for everybody.
package struct GameStatus: Sendable, Equatable {
    package var gameID: GameID
    package var isRunning: Bool
    package var node: NodeID
    package var containerID: ContainerID
    package var image: String
    /// URL of the game engine; nil if unknown.
    package var endpoint: String?
    /// The job that started the container.
    package var jobID: JobID
    /// The begin of the run, or its end.
    package var since: Timestamp?
    /// Why the run ended; nil while the container runs.
    package var reason: ExitReason?
    package var exitCode: Int?

    /// Reads the field of a game; nil if the text is no such field, for example after a change by hand.
    package init?(_ gameID: GameID, _ text: String) {
        guard case .object(let members)? = try? StrictJSON.parse(Array(text.utf8)) else { return nil }
        var texts: [String: String] = [:]
        for member in members {
            switch member.value {
            case .string(let value): texts[member.name] = value
            case .integer(let value): texts[member.name] = "\(value)"
            default: continue
            }
        }
        guard let state = texts["state"], let node = texts["node"], let container = texts["container_id"] else {
            return nil
        }
        self.gameID = gameID
        isRunning = state == "running"
        self.node = NodeID(node)
        containerID = ContainerID(container)
        image = texts["image"] ?? ""
        endpoint = texts["engine_endpoint"]
        jobID = JobID(texts["job_id"] ?? "")
        since = texts["since"].flatMap { Timestamp(rfc3339: $0) }
        reason = texts["reason"].flatMap(ExitReason.init(rawValue:))
        exitCode = texts["exit_code"].flatMap { Int($0) }
    }

    /// Whether the game ended by itself in a way that nobody asked for.
    package var hasFailed: Bool {
        guard !isRunning, let reason else { return false }
        return ![.stopped, .stoppedForced, .completed].contains(reason)
    }
}
