import Terminal

/// The source of a setting's value.
enum SettingOrigin: Sendable, Equatable {
    /// A flag, by its name without dashes.
    case flag(String)
    case environment
    case file(path: String, line: Int)
}

/// A wrong setting, or a wrong line of the settings file.
struct SettingProblem: Sendable, Equatable, CustomStringConvertible {
    /// The setting's name, such as `RTM_CONCURRENCY`; nil: a line of the file without a valid name.
    var name: String?
    var origin: SettingOrigin
    /// The given value, in its form for messages.
    var value: String?
    /// The fault and the allowed values.
    var reason: String

    /// The message, such as `RTM_CONCURRENCY="0" (flag --concurrency): must be a whole number from 1 to 1024`.
    var description: String {
        let subject = name.map { name in value.map { "\(name)=\(quoted($0))" } ?? name }
        return "\(subject.map { "\($0) (\(place))" } ?? place): \(reason)"
    }

    private var place: String {
        switch origin {
        case .flag(let flag): "flag --\(flag)"
        case .environment: "environment"
        case .file(let path, let line): "\(path), line \(line)"
        }
    }
}

/// All wrong settings, reported together.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    var problems: [SettingProblem]
    /// Warnings. A warning may explain a problem, as a misspelled name does.
    var warnings: [String] = []

    package var description: String {
        var lines = [problems.count == 1 ? "1 wrong setting:" : "\(problems.count) wrong settings:"]
        lines += problems.map { "  \($0)" }
        lines += warnings.map { "  warning: \($0)" }
        return lines.joined(separator: "\n")
    }
}

/// Returns `text` in double quotes, with escapes. A text of more than 200 bytes is cut.
package func quoted(_ text: String) -> String {
    "\"" + EscapedText.escape(EscapedText.cut(text, to: 200), quotes: true) + "\""
}

/// Returns the name in `names` closest to `name`; nil: no name is close.
func nearestName(to name: String, among names: [String]) -> String? {
    let wanted = Array(name.utf8)
    let ranked = names.map { (name: $0, distance: editDistance(wanted, Array($0.utf8))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(2, wanted.count / 3) else {
        return nil
    }
    return best.name
}

/// Returns the edit distance (Levenshtein): how many bytes to insert, remove or replace to turn `right` into `left`.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, byte) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in right.enumerated() {
            let replaced = diagonal + (byte == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}
