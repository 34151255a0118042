import Primitives
import QueueAdmin
import Terminal

// What a person reads about an action before it happens.
extension ConsoleAction {
    /// The text of the button.
    var label: String {
        switch self {
        case .retry(let entries): entries.count == 1 ? "Retry" : "Retry selected"
        case .drop(let entries): entries.count == 1 ? "Drop" : "Drop selected"
        case .retryAll: "Retry all that match"
        case .dropAll: "Drop all that match"
        case .change(.pause): "Pause"
        case .change(.resume): "Resume"
        case .change(.drain): "Drain"
        case .change(.resumeNode): "Resume"
        case .stop: "Stop"
        case .restart: "Restart"
        case .remove: "Remove"
        }
    }

    /// The question of the confirmation.
    var question: String {
        switch self {
        case .retry(let entries): "Retry \(ShortCount.text(entries.count, "dead letter", "dead letters"))?"
        case .drop(let entries): "Drop \(ShortCount.text(entries.count, "dead letter", "dead letters"))?"
        case .retryAll(let filter): "Retry \(filter.phrase)?"
        case .dropAll(let filter): "Drop \(filter.phrase)?"
        case .change(.pause(let queue)): "Pause queue \(queue)?"
        case .change(.resume(let queue)): "Resume queue \(queue)?"
        case .change(.drain(let node)): "Drain node \(node)?"
        case .change(.resumeNode(let node)): "Resume node \(node)?"
        case .stop(let game): "Stop game \(game)?"
        case .restart(let game): "Restart game \(game)?"
        case .remove(let game): "Remove the container of game \(game)?"
        }
    }

    /// What will happen.
    var consequence: String {
        switch self {
        case .retry, .retryAll: "Each job runs again, at the end of its game's jobs and without its deadline."
        case .drop, .dropAll: "The messages are deleted for good. Their results and ids stay known."
        case .change(.pause): "Workers take no more messages and begin no more jobs of this queue. Running jobs go on."
        case .change(.resume): "Workers take messages and jobs of this queue again."
        case .change(.drain): "The node begins no more starts. Running games and jobs go on."
        case .change(.resumeNode): "The node begins starts again."
        case .stop: "The game gets SIGTERM, and SIGKILL after its stop timeout. Players lose their connection."
        case .restart:
            "The game is stopped, removed and started with its last image and settings. Players lose their "
                + "connection."
        case .remove: "A running game is stopped first. The container and its logs are deleted."
        }
    }

    /// The style of the button.
    var tone: String { isGrave ? "grave" : "" }

    /// Whether the action destroys or interrupts something.
    private var isGrave: Bool {
        switch self {
        case .drop, .dropAll, .stop, .restart, .remove: true
        default: false
        }
    }
}
