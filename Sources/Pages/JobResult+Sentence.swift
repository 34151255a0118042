import JobContract
import Primitives
import RuntimeClient

extension JobResult {
    /// The result as a single line for a person.
    package var sentence: String {
        let game = gameID?.text ?? "?"
        switch outcome {
        case .succeeded:
            let effect = (effect?.rawValue ?? "done").replacing("_", with: " ")
            let container = containerID.map { ", container \($0.short)" } ?? ""
            let endpoint = engineEndpoint.map { " at \($0)" } ?? ""
            let forced = fields["forced"] == "true" ? " (SIGKILL was needed)" : ""
            return "\(game): \(effect)\(container)\(endpoint)\(forced)"
        default:
            let code = errorCode.map { " \($0)" } ?? ""
            return "\(game): \(outcome?.rawValue ?? "unknown")\(code): \(error ?? "no reason was given")"
        }
    }
}
