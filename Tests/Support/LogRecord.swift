import Logging
import Synchronization

/// Keeps what was logged, one line an entry with its metadata.
package final class LogRecord: Sendable {
    private let entries = Mutex<[String]>([])

    package init() {}

    package var lines: [String] { entries.withLock { $0 } }

    package func logger(level: Logger.Level = .info) -> Logger {
        Logger(label: "record") { _ in Handler(record: self, logLevel: level) }
    }

    private func add(_ line: String) { entries.withLock { $0.append(line) } }

    private struct Handler: LogHandler {
        let record: LogRecord
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = self.metadata.merging(event.metadata ?? [:]) { _, own in own }
            let values = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            record.add((["\(event.level)", "\(event.message)"] + values).joined(separator: " "))
        }
    }
}
