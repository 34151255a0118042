/// The format of log lines.
package enum LogFormat: String, Sendable, CaseIterable {
    /// Lines for people.
    case text
    /// Lines for machines, each with a JSON object.
    case json
}
