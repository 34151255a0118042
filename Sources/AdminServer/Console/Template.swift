/// A text with places for values, in the syntax of Mustache.
///
/// - `{{name}}` inserts a value and escapes it for HTML; `{{{name}}}` inserts HTML of our own.
/// - `{{#name}}...{{/name}}` stands once for a true value and once for each element of a list.
/// - `{{^name}}...{{/name}}` stands for a false value and for an empty list.
/// - `{{.}}` is the element itself. A tag of a section alone on its line leaves no line.
///
/// The library swift-mustache does more, but it imports the whole of Foundation, with the tables of ICU: 50 MB of a
/// release and 12 MiB of a worker that waits.
struct Template: Sendable {
    private let parts: [Part]

    /// Reads a template. Ends the process for a section without an end, since templates are ours.
    init(_ text: String) {
        var reader = TemplateReader(text)
        parts = reader.parts(inside: nil)
    }

    /// Returns the text with its values. A missing value is an empty text.
    func render(_ values: [String: TemplateValue]) -> String {
        var output = ""
        Self.write(parts, [.fields(values)], to: &output)
        return output
    }

    enum Part: Equatable {
        case text(String)
        case value(String, isHTML: Bool)
        case section(String, isInverted: Bool, [Part])
    }

    /// - Parameter scopes: The values of the sections around the parts, the innermost last.
    private static func write(_ parts: [Part], _ scopes: [TemplateValue], to output: inout String) {
        for part in parts {
            switch part {
            case .text(let text): output += text
            case .value(let name, let isHTML):
                guard case .text(let text)? = value(name, scopes) else { continue }
                output += isHTML ? text : HTMLText.escape(text, longest: 2_000)
            case .section(let name, let isInverted, let inner):
                let elements = value(name, scopes)?.elements ?? []
                if isInverted, elements.isEmpty { write(inner, scopes, to: &output) }
                if !isInverted { for element in elements { write(inner, scopes + [element], to: &output) } }
            }
        }
    }

    private static func value(_ name: String, _ scopes: [TemplateValue]) -> TemplateValue? {
        if name == "." { return scopes.last }
        for case .fields(let fields) in scopes.reversed() {
            if let value = fields[name] { return value }
        }
        return nil
    }
}

/// A value of a template.
enum TemplateValue: Sendable, Equatable {
    case text(String)
    case flag(Bool)
    case list([TemplateValue])
    case fields([String: TemplateValue])

    /// What a section of this value stands for, one after the other.
    fileprivate var elements: [TemplateValue] {
        switch self {
        case .list(let elements): elements
        case .flag(let isTrue): isTrue ? [self] : []
        case .text(let text): text.isEmpty ? [] : [self]
        case .fields: [self]
        }
    }

    static func texts(_ texts: [String]) -> Self { .list(texts.map(Self.text)) }
}

/// Reads the parts of a template from its text.
private struct TemplateReader {
    private var rest: Substring
    private var isAtLineStart = true

    init(_ text: String) { rest = text[...] }

    /// Reads up to the end of a section, or of the text if `section` is `nil`.
    mutating func parts(inside section: String?) -> [Template.Part] {
        var parts: [Template.Part] = []
        while let tag = rest.firstRange(of: "{{") {
            readText(to: tag.lowerBound, into: &parts)
            if rest.hasPrefix("{{{") {
                parts.append(.value(readTag("{{{", "}}}"), isHTML: true))
                continue
            }
            let name = readTag("{{", "}}")
            switch name.first {
            case "#", "^":
                skipLineEnd()
                let inner = String(name.dropFirst())
                parts.append(.section(inner, isInverted: name.first == "^", self.parts(inside: inner)))
            case "/":
                precondition(String(name.dropFirst()) == section, "{{\(name)}} ends a section that is not open")
                skipLineEnd()
                return parts
            default:
                parts.append(.value(name, isHTML: false))
            }
        }
        precondition(section == nil, "the section \(section ?? "") has no end")
        readText(to: rest.endIndex, into: &parts)
        return parts
    }

    private mutating func readText(to end: Substring.Index, into parts: inout [Template.Part]) {
        guard end > rest.startIndex else { return }
        let text = rest[..<end]
        parts.append(.text(String(text)))
        isAtLineStart = text.last == "\n"
        rest = rest[end...]
    }

    private mutating func readTag(_ open: String, _ close: String) -> String {
        rest.removeFirst(open.count)
        guard let end = rest.firstRange(of: close) else { preconditionFailure("\(open) has no \(close)") }
        let name = String(rest[..<end.lowerBound])
        rest = rest[end.upperBound...]
        if !"#^/".contains(name.first ?? "#") { isAtLineStart = false }
        return name
    }

    /// Leaves the end of a line out that holds a tag of a section only.
    private mutating func skipLineEnd() {
        if isAtLineStart, rest.first == "\n" { rest.removeFirst() } else { isAtLineStart = false }
    }
}
