/// The reason why a job waits, without the number or the id that follows in a sentence.
///
/// Commands and pages show the words with their details, and metrics have them as the label `reason`.
public enum WaitWord: String, Sendable, CaseIterable {
    case nodeSilent = "node silent"
    case nodeDrained = "node drained"
    case nodeReturning = "node returning"
    case queuePaused = "queue paused"
    case windowFull = "window full"
    case unserved = "no worker serves this queue"
    case noCapacity = "no capacity"
    case behind = "waits behind job"
    case retry
}
