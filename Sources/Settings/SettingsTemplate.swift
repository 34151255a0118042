/// The settings file with every setting and its default, each commented out: `deploy/systemd/rtmanager.conf`.
package enum SettingsTemplate {
    private static let head = """
        # Settings of rtmanager's workers, `RTM_CONFIG`. Each line below shows a setting and its default. To change a setting,
        # remove the # and write another value. A variable of the environment goes before this file, and a flag before both.
        """

    /// The text of the file.
    package static let text: String = {
        let settings = SettingDescriptor.all.filter { $0.name != SettingDescriptor.configName }
        let game = "# Any variable of every game's environment.\n#\(SettingDescriptor.gameEnvironmentPrefix)NAME=value"
        return ([head] + settings.map(entry) + [game]).joined(separator: "\n\n") + "\n"
    }()

    private static func entry(_ setting: SettingDescriptor) -> String {
        let words = "\(setting.summary). Allowed: \(setting.allowed)."
        return wrapped(words) + "\n#\(setting.name)=\(setting.defaultText)"
    }

    /// Returns `text` as comments of at most 110 characters a line.
    private static func wrapped(_ text: String) -> String {
        var lines = ["#"]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count + 1 > 110 { lines.append("#") }
            lines[lines.count - 1] += " \(word)"
        }
        return lines.joined(separator: "\n")
    }
}
