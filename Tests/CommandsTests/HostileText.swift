import Testing

/// Text that tries to command a terminal, or to look like something else.
let hostileTexts: [String] = [
    "\u{1B}[31mred\u{1B}[0m", "\u{1B}]0;title\u{7}", "\u{1B}]8;;http://evil.example\u{1B}\\link", "\u{9B}31mC1",
    "\u{9D}0;title\u{9C}", "line\nFORGED: yes", "back\rFORGED", "tab\tFORGED", "\u{8}\u{8}\u{7F}", "\u{85}FORGED",
    "\u{2028}FORGED", "\u{2029}FORGED", "\u{202E}evil\u{202C}", "\u{2066}x\u{2069}", "\u{200F}\u{200E}", "\u{61C}x",
    "\u{0B}\u{0C}", "\"quotes\" and \\ {\"json\":1}",
]

let hostile = "begin " + hostileTexts.joined(separator: " ") + " end"

/// Scalars that may not reach a terminal; line feeds are looked at by themselves.
func disturbs(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A: false
    case 0...0x1F, 0x7F...0x9F, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
}

/// Fails where a text could disturb a terminal, or where a hostile text has begun a line.
func expectHarmless(_ text: String, _ what: String) {
    let found = text.unicodeScalars.filter(disturbs).map { String($0.value, radix: 16) }
    #expect(found.isEmpty, "\(what) lets \(found) through")
    #expect(
        !text.split(separator: "\n").contains { $0.hasPrefix("FORGED") },
        "\(what) has a forged line: \(text.debugDescription)"
    )
}
