/// How log lines look.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// For machines: one object a line.
    case json
}
