import DockerPort
import Primitives

/// The reason why a Swarm does not attach a container to an overlay network. A Docker Engine that is no manager learns
/// the reason from a manager, at the start of the container.
enum SwarmRefusal: Equatable {
    case networkMissing
    case notAttachable
    case noManager
    /// A manager has not assigned an address in time.
    case noAddress
    /// The Docker Engine has deleted its end of the network, because its last container there ended, while it attached
    /// another one.
    case vanished

    /// - Parameter text: the Docker Engine's text in lower case; the result is nil if the text has another reason.
    init?(_ text: String) {
        if text.contains("not manually attachable") {
            self = .notAttachable
        } else if text.contains("could not attach to network"), text.contains("code = notfound") {
            self = .networkMissing
        } else if text.contains("could not attach to network"), text.contains("context deadline exceeded") {
            self = .noManager
        } else if text.contains("attaching to network failed") {
            self = .noAddress
        } else if text.contains("after successful attachment") || Self.namesMissingID(text) {
            self = .vanished
        } else {
            return nil
        }
    }

    /// Returns whether a network is missing by its id of Swarm. The worker asks for a network by name.
    private static func namesMissingID(_ text: String) -> Bool {
        let words = text.split(separator: " ")
        return text.contains("not found")
            && zip(words, words.dropFirst()).contains { $0 == "network" && isSwarmID($1) }
    }

    /// Returns whether the text has the form of an id of Swarm. Ids of a single Docker Engine have another form.
    static func isSwarmID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 25 && text.utf8.allSatisfy(\.isLowerOrDigit)
    }

    var code: DockerError.Code {
        switch self {
        case .networkMissing: .networkMissing
        case .notAttachable: .startFailed
        case .noManager, .noAddress, .vanished: .engineError
        }
    }

    var isRetryable: Bool { code == .engineError }

    /// The reason for a person, before the Docker Engine's own words.
    var sentence: String {
        switch self {
        case .networkMissing: "neither the Docker Engine nor its Swarm has the network"
        case .notAttachable: "the network is a Swarm network that was created without --attachable"
        case .noManager: "no Swarm manager answered"
        case .vanished: "the network was deleted here together with its last container, during this start"
        case .noAddress: "the Swarm assigned no address in time: a manager was slow, or no address is free"
        }
    }
}
