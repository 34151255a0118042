import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The content of a settings file, with a setting `RTM_X=value` on each line.
///
/// Blank lines and lines with a leading `#` are ignored, and so are blanks around name and value. Single or double
/// quotes may surround a value.
struct SettingsFile: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var value: String
        var line: Int
    }

    /// The largest size of a file, in bytes.
    static let maximumSize = 1 << 20

    var path: String
    var entries: [String: Entry] = [:]
    var problems: [SettingProblem] = []

    /// Parses `text`, the content of the file at `path`.
    init(path: String, text: String) {
        self.path = path
        var number = 0
        // Split by bytes: "\r\n" is a single Character and would hide its line feed.
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = trimmed(String(Substring(bytes)))
            if !line.isEmpty, !line.hasPrefix("#") { take(line, number: number) }
        }
    }

    private mutating func take(_ line: String, number: Int) {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { trimmed($0) }
        guard parts.count == 2, SettingRule.word(parts[0], "_", upTo: 256) else {
            problems.append(problem(nil, number, "must be NAME=value, a comment (#) or blank"))
            return
        }
        if let earlier = entries[parts[0]] {
            problems.append(problem(parts[0], number, "is given twice, also in line \(earlier.line)"))
            return
        }
        entries[parts[0]] = Entry(value: unquoted(parts[1]), line: number)
    }

    private func problem(_ name: String?, _ line: Int, _ reason: String) -> SettingProblem {
        SettingProblem(name: name, origin: .file(path: path, line: line), reason: reason)
    }

    private func unquoted(_ value: String) -> String {
        guard value.utf8.count >= 2, let first = value.first, first == "\"" || first == "'", value.last == first else {
            return value
        }
        return String(value.dropFirst().dropLast())
    }
}

/// Access to the files of settings.
enum SettingsFiles {
    /// Returns the text of the file at `path`, or the reason of a failure.
    static func text(ofFile path: String) -> Result<String, SettingsFileProblem> {
        if let reason = unreadable(path) { return .failure(SettingsFileProblem(reason: reason)) }
        guard let data = FileManager.default.contents(atPath: path) else {
            return .failure(SettingsFileProblem(reason: "cannot be read"))
        }
        guard data.count <= SettingsFile.maximumSize else {
            return .failure(SettingsFileProblem(reason: "has more than \(SettingsFile.maximumSize) bytes"))
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            return .failure(SettingsFileProblem(reason: "is not UTF-8"))
        }
        return .success(text)
    }

    /// Returns why the file at `path` cannot be read; nil: the file is readable.
    static func unreadable(_ path: String) -> String? {
        do throws(Errno) {
            guard try Stat(FilePath(path)).type == .regular else { return "is no regular file" }
        } catch {
            return "cannot be read: \(error)"
        }
        return access(path, R_OK) == 0 ? nil : "cannot be read: \(String(cString: strerror(errno)))"
    }

    /// Returns `path` without symbolic links, as far as the path exists. The rest of the path stays unchanged.
    static func realPath(_ path: String) -> String {
        var existing = path
        var rest = ""
        while existing.utf8.count > 1 {
            if let resolved = realpath(existing, nil) {
                defer { free(resolved) }
                return String(cString: resolved) + rest
            }
            guard let slash = existing.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
            rest = existing[slash...] + rest
            existing = String(existing[..<slash])
        }
        return path
    }
}

/// The reason why a file cannot be read, in a form to follow the file's name.
struct SettingsFileProblem: Error, Sendable, Equatable {
    var reason: String
}
