import Terminal

/// Where a setting was given.
enum SettingOrigin: Sendable, Equatable {
    /// The flag's name without its dashes.
    case flag(String)
    case environment
    case file(path: String, line: Int)
}

/// One thing that is wrong with what was given.
struct SettingProblem: Sendable, Equatable, CustomStringConvertible {
    /// `RTM_CONCURRENCY`; nil: of a file as such.
    var name: String?
    var origin: SettingOrigin
    /// What was given, as far as it may be shown.
    var value: String?
    /// What is wrong, and what is allowed.
    var reason: String

    /// `RTM_CONCURRENCY="0" (flag --concurrency): must be a whole number from 1 to 1024`
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

/// Everything that is wrong with the settings, at once.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    var problems: [SettingProblem]
    /// What is not wrong, but may be why something else is.
    var warnings: [String] = []

    package var description: String {
        var lines = [problems.count == 1 ? "1 wrong setting:" : "\(problems.count) wrong settings:"]
        lines += problems.map { "  \($0)" }
        lines += warnings.map { "  warning: \($0)" }
        return lines.joined(separator: "\n")
    }
}

/// `text` in double quotes, without control characters and at most 200 characters long.
package func quoted(_ text: String) -> String {
    "\"" + EscapedText.escape(EscapedText.cut(text, to: 200), quotes: true) + "\""
}

/// The one of `names` that `name` is most likely meant to be; nil where none is near.
func nearestName(to name: String, among names: [String]) -> String? {
    let wanted = Array(name.utf8)
    let ranked = names.map { (name: $0, distance: editDistance(wanted, Array($0.utf8))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= max(2, wanted.count / 3) else {
        return nil
    }
    return best.name
}

/// How many bytes must be put in, taken out or replaced to make `left` of `right` (Levenshtein).
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
