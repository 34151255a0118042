import ArgumentParser
import JobContract
import Primitives
import QueueAdmin
import RuntimeClient
import Settings

/// An argument `NAME=value`. The value may be empty, and may hold further `=`.
struct Assignment: ExpressibleByArgument, Sendable, Equatable {
    var name: String
    var value: String

    init?(argument: String) {
        // Split by bytes: a `=` followed by a combining mark is a single Character.
        let equals = UInt8(ascii: "=")
        let parts = argument.utf8.split(separator: equals, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        name = String(Substring(parts[0]))
        value = String(Substring(parts[1]))
    }
}

extension [Assignment] {
    /// The values by name. The last value of a name counts.
    package var values: [String: String] {
        reduce(into: [:]) { $0[$1.name] = $1.value }
    }

    /// The assignments as labels.
    var labels: LabelMap { LabelMap(map { (key: $0.name, value: $0.value) }) }
}

/// A mount `HOST:TARGET`, `HOST:TARGET:ro` or `HOST:TARGET:rw` with absolute paths, as for `docker run --volume`.
struct MountArgument: ExpressibleByArgument, Sendable, Equatable {
    var mount: JobRequest.Mount

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts[0].hasPrefix("/"), parts[1].hasPrefix("/"),
            parts.count == 2 || parts[2] == "ro" || parts[2] == "rw"
        else { return nil }
        mount = JobRequest.Mount(
            hostPath: String(parts[0]),
            mountPath: String(parts[1]),
            readOnly: parts.count == 3 && parts[2] == "ro"
        )
    }
}

/// A game's id: 1 to 51 of `a-z 0-9 -`, with a letter or digit first and last.
struct GameArgument: ExpressibleByArgument, Sendable, Equatable {
    var id: GameID

    init?(argument: String) {
        guard SettingRule.word(argument, "-", upTo: 51), argument == argument.lowercased(),
            !argument.hasPrefix("-"), !argument.hasSuffix("-")
        else { return nil }
        id = GameID(argument)
    }
}

/// A point in time in RFC 3339 form.
struct TimeArgument: ExpressibleByArgument, Sendable, Equatable {
    var time: Timestamp

    init?(argument: String) {
        guard let time = Timestamp(rfc3339: argument) else { return nil }
        self.time = time
    }
}

/// A pattern for games: the characters of a game's id, `*` for any text and `?` for one character.
struct GamePattern: ExpressibleByArgument, Sendable, Equatable {
    var pattern: IDPattern

    init?(argument: String) {
        guard SettingRule.word(argument, "-*?", upTo: 51), argument == argument.lowercased() else { return nil }
        pattern = IDPattern(argument)
    }
}

/// A duration such as `30s`, `10m`, `2h` or `7d`.
struct AgeArgument: ExpressibleByArgument, Sendable, Equatable {
    var milliseconds: Int64

    init?(argument: String) {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), argument.utf8.count <= 9,
            argument.dropLast().allSatisfy({ $0.isASCII && $0.isNumber }),
            let count = Int64(argument.dropLast()), count > 0
        else { return nil }
        milliseconds = count * unit * 1_000
    }
}

/// The policy for the pull of the image.
enum PullPolicyArgument: String, ExpressibleByArgument, CaseIterable, Sendable {
    case ifMissing = "if_missing"
    case always
    case never
}

/// The format of a command's output.
package enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// Text for people.
    case text
    /// JSON for machines, with an object on each line.
    case json
}
