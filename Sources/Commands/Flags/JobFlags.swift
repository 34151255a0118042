import ArgumentParser
import JobContract
import Primitives
import RuntimeClient
import Settings

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The flags shared by `start`, `stop`, `remove` and `restart`.
struct JobFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Id of the job; a second job with the same id never runs. Default: a new id.",
            valueName: "id"
        )
    ) var id: String?

    @Option(
        help: ArgumentHelp("Queue of the job; use one queue for all jobs of a game.", valueName: "name"),
        completion: Completions.queues
    )
    var queue = "default"

    @Option(help: ArgumentHelp("Do not begin after this time, such as 2026-05-04T03:02:01Z.", valueName: "time"))
    var deadline: TimeArgument?

    @Option(help: ArgumentHelp("Largest number of attempts, 1 to 20. Default: 5.", valueName: "n"))
    var maxAttempts: Int?

    @Flag(help: "Wait for the result, and exit with 0 only if the job succeeded.")
    var wait = false

    @Option(help: ArgumentHelp("Longest wait, in seconds, 1 to 86400. Default with --wait: 300.", valueName: "s"))
    var waitTimeout: Int?

    @Option(help: ArgumentHelp("Output: text or json.", valueName: "format"))
    var output = OutputFormat.text

    func validate() throws {
        if let id, !SettingRule.word(id, "._:-", upTo: 128) || id.hasPrefix("invalid:") {
            throw ValidationError(
                "--id \(quoted(id)) must be 1 to 128 of A-Z a-z 0-9 . _ : - and must not begin with invalid:"
            )
        }
        if !SettingRule.word(queue, "_.-", upTo: 64) {
            throw ValidationError("--queue \(quoted(queue)) must be 1 to 64 of A-Z a-z 0-9 _ . -")
        }
        try require(maxAttempts, in: 1...20, flag: "--max-attempts")
        try requireWait(wait, waitTimeout)
    }

    /// The longest wait for the result; nil: no wait.
    var waiting: Duration? { longestWait(wait, waitTimeout) }

    /// Returns a job of `kind` with the values of these flags.
    func request(_ kind: JobKind, of game: GameID) -> JobRequest {
        var request = JobRequest(kind: kind, id: JobID(id ?? UUID().uuidString.lowercased()), gameID: game)
        request.queue = queue
        request.deadline = deadline?.time
        request.maxAttempts = maxAttempts
        request.enqueuedAt = SystemClock.now()
        return request
    }
}

/// Throws if `--id` is given for many games.
func requireSingle(_ games: GameFlags, _ job: JobFlags) throws {
    guard job.id == nil || games.games.count == 1 else {
        throw ValidationError("--id needs a single game, because a second job with the same id never runs")
    }
}

/// Throws if `value` is outside of `range`. Nil is allowed.
func require<Value>(_ value: Value?, in range: ClosedRange<Value>, flag: String) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError("\(flag) \(value) must be from \(range.lowerBound) to \(range.upperBound)")
}

/// Throws if the arguments of a list are out of bounds, or name two sides of it.
func requirePart<Place>(limit: Int, after: Place?, before: Place?) throws {
    try require(limit, in: 1...10_000, flag: "--limit")
    if after != nil, before != nil { throw ValidationError("--after and --before exclude each other") }
}

/// Throws if `--wait-timeout` is out of bounds, or given without `--wait`.
func requireWait(_ wait: Bool, _ timeout: Int?) throws {
    try require(timeout, in: 1...86_400, flag: "--wait-timeout")
    if timeout != nil, !wait { throw ValidationError("--wait-timeout needs --wait") }
}

/// Returns the longest wait; nil without `--wait`.
func longestWait(_ wait: Bool, _ timeout: Int?) -> Duration? { wait ? .seconds(timeout ?? 300) : nil }

/// Throws if `id` is not a container's id. Nil is allowed.
func requireContainerID(_ id: String?) throws {
    guard let id else { return }
    guard Syntax.isContainerID(id) else {
        throw ValidationError("--container-id \(quoted(id)) must be 64 hex digits, as docker ps --no-trunc shows them")
    }
}
