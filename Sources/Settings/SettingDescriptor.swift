import Terminal

/// One setting: its name, what it means, what is allowed, and how its text becomes a value.
///
/// One table of these drives reading, checking and the help, so that they cannot differ.
package struct SettingDescriptor: Sendable {
    /// Who needs the setting.
    package enum Audience: Sendable {
        /// Every command that talks to Redis.
        case everyone
        /// Only a worker.
        case worker
    }

    /// What of the value may be shown in messages.
    enum Disclosure: Sendable {
        case whole
        /// A URL whose user, password and query are masked.
        case maskedURL
    }

    /// `RTM_REDIS_URL`
    package let name: String
    /// What it sets, as a phrase for the help.
    package let summary: String
    /// The default as a user would write it; empty: none, and ``summary`` says what that means.
    package let defaultText: String
    /// What is allowed, to follow "must be".
    package let allowed: String
    /// Placeholder for the value in the help.
    package let valueName: String
    package let audience: Audience
    /// Whether only the long help shows it.
    package let isRare: Bool
    /// Whether an empty value is a value of its own; else it means the default.
    let emptyIsValue: Bool
    /// Whether the value names a file that must be readable at the start.
    let namesFile: Bool
    let disclosure: Disclosure
    private let assignment: SettingAssignment

    init(
        _ name: String,
        _ summary: String,
        default defaultText: String = "",
        allowed: String,
        valueName: String,
        audience: Audience = .worker,
        isRare: Bool = false,
        emptyIsValue: Bool = false,
        namesFile: Bool = false,
        disclosure: Disclosure = .whole,
        assign assignment: SettingAssignment
    ) {
        self.name = name
        self.assignment = assignment
        self.summary = summary
        self.defaultText = defaultText
        self.allowed = allowed
        self.valueName = valueName
        self.audience = audience
        self.isRare = isRare
        self.emptyIsValue = emptyIsValue
        self.namesFile = namesFile
        self.disclosure = disclosure
    }

    /// Puts the value that `text` means into the settings; false where `text` is not allowed.
    func assign(_ text: String, to settings: inout Settings) -> Bool { assignment.assign(text, &settings) }

    /// The flag without its dashes: `redis-url`.
    package var flag: String { SettingDescriptor.flag(of: name) }

    /// `RTM_REDIS_URL` as a flag without its dashes: `redis-url`.
    package static func flag(of name: String) -> String {
        String(name.dropFirst("RTM_".count).lowercased().map { $0 == "_" ? "-" : $0 })
    }

    /// `value` as it may be shown in messages.
    package func shown(_ value: String) -> String {
        switch disclosure {
        case .whole: value
        case .maskedURL: MaskedURL.mask(value)
        }
    }
}

extension SettingDescriptor {
    /// Every setting, in the order of the help.
    package static let all: [SettingDescriptor] = connection + worker + containers + limits + logging

    /// The descriptor of `name`, nil where there is none.
    package static func named(_ name: String) -> SettingDescriptor? { byName[name] }

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    /// Name of the setting that names the file with settings: it is read before all others, and never
    /// from that file.
    package static let configName = "RTM_CONFIG"

    /// Begin of the names whose rest is a variable of every game's environment.
    static let gameEnvironmentPrefix = "RTM_ENV_"

    /// Begin of the names that the project's own tests use.
    static let testPrefix = "RTM_TEST_"
}

/// How the text of a setting gets into a field of ``Settings``.
struct SettingAssignment: Sendable {
    /// Answers false, and changes nothing, where the text is not allowed.
    let assign: @Sendable (_ text: String, _ settings: inout Settings) -> Bool

    /// A field that always has a value. `parse` answers nil for text that is not allowed.
    static func field<Value>(
        _ field: any WritableKeyPath<Settings, Value> & Sendable,
        _ parse: @escaping @Sendable (String) -> Value?
    ) -> SettingAssignment {
        SettingAssignment { text, settings in
            guard let value = parse(text) else { return false }
            settings[keyPath: field] = value
            return true
        }
    }

    /// A field that may have no value, which empty text means.
    static func optional<Value>(
        _ field: any WritableKeyPath<Settings, Value?> & Sendable,
        _ parse: @escaping @Sendable (String) -> Value?
    ) -> SettingAssignment {
        SettingAssignment { text, settings in
            let value = parse(text)
            guard text.isEmpty || value != nil else { return false }
            settings[keyPath: field] = value
            return true
        }
    }
}
