// sample begins
import JobContract
import Logging
import RuntimeClient

/// Starts a game, waits until its engine runs, and tells what becomes of it.
func play(_ game: GameID, redis: String, logger: Logger, tell: @Sendable @escaping (String) -> Void) async throws {
    try await RuntimeClient.with(url: redis, logger: logger) { client in
        var start = JobRequest.start(game, image: "galaxy/engine:test", id: JobID("start-\(game)"))
        start.env = ["MODE": "ranked"]
        start.readyTimeoutSeconds = 60
        let result = try await client.perform(start, within: .seconds(120))
        guard result.succeeded else { return tell("failed: \(result.errorCode ?? "") \(result.error ?? "")") }
        tell("runs at \(result.engineEndpoint ?? "")")

        // Each entry comes at least once, also over a crash of this program.
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await client.consumer(of: .events, group: "game-master", name: "one").run { entry in
                    guard let event = entry.event, event.gameID == game else { return }
                    tell("\(event.kind?.rawValue ?? "?") \(event.reason?.rawValue ?? "")")
                }
            }
            _ = try await client.perform(.stop(game, id: JobID("stop-\(game)")))
            _ = try await client.perform(.remove(game, id: JobID("remove-\(game)")))
            group.cancelAll()
        }
    }
}
// sample ends
