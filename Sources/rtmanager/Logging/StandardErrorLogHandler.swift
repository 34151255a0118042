import Logging
import Timestamps

/// Writes the log to stderr, one line for every entry.
struct StandardErrorLogHandler: LogHandler {
    var metadata = Logger.Metadata()
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level

    private let label: String
    private let format: LogFormat
    private let colored: Bool
    private let now: @Sendable () -> Timestamp
    private let write: @Sendable (TerminalText) -> Void

    /// A handler whose lines go to `write`, without their line feed.
    init(
        label: String,
        level: Logger.Level,
        format: LogFormat,
        colored: Bool = false,
        metadataProvider: Logger.MetadataProvider? = nil,
        now: @escaping @Sendable () -> Timestamp = SystemClock.now,
        write: @escaping @Sendable (TerminalText) -> Void = StandardError.write(line:)
    ) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.colored = colored
        self.metadataProvider = metadataProvider
        self.now = now
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let explicit = event.metadata { merged.merge(explicit) { _, new in new } }
        if let error = event.error, merged["error"] == nil { merged["error"] = "\(error)" }
        let line = LogLine(
            time: now(),
            level: event.level,
            label: label,
            message: event.message.description,
            metadata: merged
        )
        switch format {
        case .text: write(line.text(colored: colored))
        case .json: write(line.json())
        }
    }
}

extension Settings {
    /// Makes every logger of the process write as the settings say, and answers the program's own.
    /// To be called once, before anything logs.
    func startLogging() -> Logger {
        let (level, format) = (logLevel, logFormat)
        let colored = format == .text && StandardError.takesColors
        LoggingSystem.bootstrap { label in
            StandardErrorLogHandler(label: label, level: level, format: format, colored: colored)
        }
        return Logger(label: "rtmanager")
    }
}
