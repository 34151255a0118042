import Terminal

/// The description of a setting: name, meaning, allowed values, and the conversion from text.
///
/// The table ``all`` drives reading, checks, help and the reference page, so these four always agree.
package struct SettingDescriptor: Sendable {
    /// The commands with a need for a setting.
    package enum Audience: Sendable {
        /// Every command with a connection to Redis.
        case everyone
        /// The worker only.
        case worker
    }

    /// The form of a value in messages.
    enum Disclosure: Sendable {
        case whole
        /// A URL with masked user, password and query.
        case maskedURL
    }

    /// The name, such as `RTM_REDIS_URL`.
    package let name: String
    /// The meaning, as a phrase.
    let phrase: String
    /// The meaning of empty text; nil: nothing, or the same as no value.
    let whenEmpty: String?
    /// The meaning for the reference page, in Markdown and with more facts than ``phrase``; nil: the page shows the
    /// phrase.
    let details: String?
    /// The default, as a user would write it. Empty: no default; then ``whenEmpty`` explains the empty value.
    package let defaultText: String
    /// The allowed values in Markdown, without the empty text.
    let allowedMarkdown: String
    /// The placeholder for the value in the help.
    package let valueName: String
    package let audience: Audience
    /// Whether only the long help shows the setting.
    package let isRare: Bool
    /// Whether empty text is a value. Otherwise, empty text means the default.
    let emptyIsValue: Bool
    /// Whether the value names a file. The file must be readable at the start.
    let namesFile: Bool
    let disclosure: Disclosure
    private let assignment: SettingAssignment

    /// Creates a descriptor. `allowed` and `details` are Markdown; messages leave out the backticks of `allowed`.
    init(
        _ name: String,
        _ phrase: String,
        default defaultText: String = "",
        whenEmpty: String? = nil,
        allowed: String,
        details: String? = nil,
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
        self.phrase = phrase
        self.whenEmpty = whenEmpty
        self.details = details
        self.defaultText = defaultText
        allowedMarkdown = allowed
        self.valueName = valueName
        self.audience = audience
        self.isRare = isRare
        self.emptyIsValue = emptyIsValue
        self.namesFile = namesFile
        self.disclosure = disclosure
    }

    /// Parses `text` and stores the value in `settings`. Returns false if `text` is not allowed.
    func assign(_ text: String, to settings: inout Settings) -> Bool { assignment.assign(text, &settings) }

    /// The meaning on a single line, for the help.
    package var summary: String { phrase + (whenEmpty.map { "; empty: \($0)" } ?? "") }

    /// The allowed values, in a form to follow "must be".
    package var allowed: String {
        allowedMarkdown.filter { $0 != "`" } + (emptyIsValue ? ", or empty" : "")
    }

    /// The name of the flag without its dashes, such as `redis-url`.
    package var flag: String { SettingDescriptor.flag(of: name) }

    /// Returns the name of a setting's flag without dashes: `redis-url` for `RTM_REDIS_URL`.
    package static func flag(of name: String) -> String {
        String(name.dropFirst("RTM_".count).lowercased().map { $0 == "_" ? "-" : $0 })
    }

    /// Returns `value` in its form for messages.
    package func shown(_ value: String) -> String {
        switch disclosure {
        case .whole: value
        case .maskedURL: MaskedURL.mask(value)
        }
    }
}

extension SettingDescriptor {
    /// All settings, in the order of the help.
    package static let all: [SettingDescriptor] = connection + worker + containers + limits + logging

    /// Returns the descriptor of the setting `name`; nil: there is no such setting.
    package static func named(_ name: String) -> SettingDescriptor? { byName[name] }

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    /// The name of the setting with the path of the settings file. The program reads this setting before all others,
    /// and never from the file.
    package static let configName = "RTM_CONFIG"

    /// The prefix of settings with a variable for every game's environment. The rest of the name is the variable's
    /// name.
    static let gameEnvironmentPrefix = "RTM_ENV_"

    /// The prefix of names for the project's own tests.
    static let testPrefix = "RTM_TEST_"
}

/// The assignment of a setting's text to a field of ``Settings``.
struct SettingAssignment: Sendable {
    /// Parses the text and stores the value. Returns false, without a change, if the text is not allowed.
    let assign: @Sendable (_ text: String, _ settings: inout Settings) -> Bool

    /// Returns an assignment to a field that always has a value. `parse` returns nil for text that is not allowed.
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

    /// Returns an assignment to an optional field. Empty text sets the field to nil.
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
