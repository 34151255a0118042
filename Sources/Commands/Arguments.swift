import ArgumentParser
import JobContract
import Primitives
import RuntimeClient
import Settings

/// `NAME=value`; the value may be empty and may have further `=`.
struct Assignment: ExpressibleByArgument, Sendable, Equatable {
    var name: String
    var value: String

    init?(argument: String) {
        // By bytes: a `=` with a combining mark behind it is one character.
        let equals = UInt8(ascii: "=")
        let parts = argument.utf8.split(separator: equals, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        name = String(Substring(parts[0]))
        value = String(Substring(parts[1]))
    }
}

extension [Assignment] {
    /// The values by name; where a name was given twice, the last counts.
    package var values: [String: String] {
        reduce(into: [:]) { $0[$1.name] = $1.value }
    }

    /// The same as labels.
    var labels: LabelMap { LabelMap(map { (key: $0.name, value: $0.value) }) }
}

/// `HOST:TARGET` or `HOST:TARGET:ro`, as `docker run --volume` takes it, with absolute paths.
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

/// A game's id: 1 to 51 of `a-z 0-9 -`, a letter or digit first and last.
struct GameArgument: ExpressibleByArgument, Sendable, Equatable {
    var id: String

    init?(argument: String) {
        guard SettingRule.word(argument, "-", upTo: 51), argument == argument.lowercased(),
            !argument.hasPrefix("-"), !argument.hasSuffix("-")
        else { return nil }
        id = argument
    }
}

/// A point in time, as RFC 3339 has it.
struct TimeArgument: ExpressibleByArgument, Sendable, Equatable {
    var time: Timestamp

    init?(argument: String) {
        guard let time = Timestamp(rfc3339: argument) else { return nil }
        self.time = time
    }
}

/// When the image is pulled.
enum PullPolicyArgument: String, ExpressibleByArgument, CaseIterable, Sendable {
    case ifMissing = "if_missing"
    case always
    case never
}

/// How a command prints what it was asked for.
package enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// For people.
    case text
    /// For machines: one JSON object a line.
    case json
}
