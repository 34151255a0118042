import Terminal

/// The table of settings in `docs/reference/contract.md`.
package enum SettingsTable {
    /// The lines before and after the table in the page.
    package static let marks = (begin: "<!-- table of settings: begin -->", end: "<!-- table of settings: end -->")

    /// The table in Markdown, with a row for each setting, in the order of the help.
    package static let markdown: String = {
        let groups = [SettingDescriptor.connection, SettingDescriptor.worker, SettingDescriptor.containers]
        var rows = groups.joined().map(row)
        rows.append(
            "| `\(SettingDescriptor.gameEnvironmentPrefix)NAME` | | any value | Variable `NAME` of every game |"
        )
        rows += (SettingDescriptor.limits + SettingDescriptor.logging).map(row)
        return (["| setting | default | allowed | meaning |", "| --- | --- | --- | --- |"] + rows)
            .joined(separator: "\n")
    }()

    /// Returns `page` with the present table between the two marks; nil: the page does not have each mark on a line of
    /// its own, once and in order.
    package static func inserted(into page: String) -> String? {
        let parts = page.split(separator: "\n\(marks.begin)\n", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let rest = parts[1].split(separator: "\n\(marks.end)\n", omittingEmptySubsequences: false)
        guard rest.count == 2 else { return nil }
        return "\(parts[0])\n\(marks.begin)\n\n\(markdown)\n\n\(marks.end)\n\(rest[1])"
    }

    static func row(_ setting: SettingDescriptor) -> String {
        let hasDefault = !setting.defaultText.isEmpty
        var allowed = grouped(setting.allowedMarkdown)
        if hasDefault, let whenEmpty = setting.whenEmpty { allowed += "; empty: \(whenEmpty)" }
        let cells = [
            "`\(setting.name)`", hasDefault ? "`\(setting.defaultText)`" : setting.whenEmpty ?? "none", allowed,
            setting.details ?? setting.phrase,
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// Returns `text` with separated thousands in numbers of 6 digits or more.
    private static func grouped(_ text: String) -> String {
        text.replacing(#/[0-9]{6,}/#) { match in Int(match.output).map(TextTable.grouped) ?? String(match.output) }
    }
}
