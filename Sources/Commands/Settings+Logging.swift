import Logging
import Observability
import Settings
import Terminal

extension Settings {
    /// Sets up the log of the process by these settings, and returns the program's logger.
    ///
    /// Call this function once, before the first log entry.
    func startLogging() -> Logger {
        let (level, format) = (logLevel, logFormat)
        let colored = format == .text && StandardError.takesColors
        LoggingSystem.bootstrap { label in
            StandardErrorLogHandler(label: label, level: level, format: format, colored: colored)
        }
        return Logger(label: "rtmanager")
    }
}
