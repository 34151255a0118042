import JobContract
import Primitives

/// A game with a container, as `{ns}:games` describes it for everybody.
///
/// A list may have thousands of games, and shows a few. So only the facts for sorting are read at once.
package struct GameStatus: Sendable, Equatable {
    package let gameID: GameID
    package let isRunning: Bool
    package let node: NodeID
    private let text: String

    /// Reads the field of a game; nil if the text is no such field, for example after a change by hand.
    package init?(_ gameID: GameID, _ text: String) {
        if let state = Self.value(of: "state", in: text), let node = Self.value(of: "node", in: text),
            text.hasPrefix("{"), text.hasSuffix("}"), Self.value(of: "container_id", in: text) != nil
        {
            (isRunning, self.node) = (state == "running", NodeID(node))
        } else {
            guard let members = JSONMembers(text), let state = members.string("state"),
                let node = members.string("node"), members.string("container_id") != nil
            else { return nil }
            (isRunning, self.node) = (state == "running", NodeID(node))
        }
        self.gameID = gameID
        self.text = text
    }

    // Each of these reads the text.

    package var containerID: ContainerID { ContainerID(member("container_id") ?? "") }
    package var image: String { member("image") ?? "" }
    /// URL of the game engine; nil if unknown.
    package var endpoint: String? { member("engine_endpoint") }
    /// The job that started the container.
    package var jobID: JobID { JobID(member("job_id") ?? "") }
    /// The begin of the run, or its end.
    package var since: Timestamp? { member("since").flatMap { Timestamp(rfc3339: $0) } }
    /// Why the run ended; nil while the container runs.
    package var reason: ExitReason? { member("reason").flatMap(ExitReason.init(rawValue:)) }
    package var exitCode: Int? { JSONMembers(text)?.integer("exit_code").map { Int($0) } }

    private func member(_ name: String) -> String? {
        Self.value(of: name, in: text) ?? JSONMembers(text)?.string(name)
    }

    /// Whether the game ended by itself in a way that nobody asked for.
    package var hasFailed: Bool {
        guard !isRunning, let reason else { return false }
        return ![.stopped, .stoppedForced, .completed].contains(reason)
    }

    /// Returns the value of a member without reading the other members; nil if it has escapes or is no text. Inside a text,
    /// JSON writes a quote with a backslash, so the name cannot be found there.
    private static func value(of name: String, in text: String) -> String? {
        let key = Array("\"\(name)\":\"".utf8)
        let found = text.utf8.withContiguousStorageIfAvailable { bytes -> String? in
            guard let begin = end(of: key, in: bytes) else { return nil }
            for index in begin..<bytes.count {
                if bytes[index] == UInt8(ascii: "\\") { return nil }
                if bytes[index] == UInt8(ascii: "\"") { return String(decoding: bytes[begin..<index], as: UTF8.self) }
            }
            return nil
        }
        return found ?? nil
    }

    /// Returns the place behind a key; nil: the bytes do not hold the key. A generic search takes a hundred times as long.
    private static func end(of key: [UInt8], in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var place = 0
        while place + key.count <= bytes.count {
            var matched = 0
            while matched < key.count, bytes[place + matched] == key[matched] { matched += 1 }
            if matched == key.count { return place + matched }
            place += 1
        }
        return nil
    }
}
