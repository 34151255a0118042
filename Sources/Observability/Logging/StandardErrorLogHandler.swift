import Logging
import Primitives
import Terminal

/// Writes the log to stderr, with a line for each entry.
package struct StandardErrorLogHandler: LogHandler {
    package var metadata = Logger.Metadata()
    package var metadataProvider: Logger.MetadataProvider?
    package var logLevel: Logger.Level

    private let label: String
    private let format: LogFormat
    private let colored: Bool
    private let now: @Sendable () -> Timestamp
    private let write: @Sendable (TerminalText) -> Void

    /// Creates a handler. `write` receives each line without its line feed.
    package init(
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

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
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
