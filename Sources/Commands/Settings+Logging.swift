import Logging
import Observability
import Settings
import Terminal

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
