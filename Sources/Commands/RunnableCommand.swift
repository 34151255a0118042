import ArgumentParser
import JobContract
import Logging
import RuntimeClient
import Settings
import Terminal

/// A command that reads its settings, starts the log and then acts.
package protocol RunnableCommand: AsyncParsableCommand {
    /// The audience of the settings needed by the command.
    static var audience: SettingDescriptor.Audience { get }

    /// The sources of the command's settings.
    var source: SettingsSource { get }

    func run(_ context: CommandContext) async throws(CommandError)
}

extension RunnableCommand {
    package static var audience: SettingDescriptor.Audience { .everyone }

    package func run() async throws {
        let loaded: LoadedSettings
        do {
            loaded = try Settings.load(from: source, for: Self.audience)
        } catch {
            throw CommandError.wrongUse(error.description)
        }
        let logger = loaded.settings.startLogging()
        for warning in loaded.warnings { logger.warning("\(warning)") }
        try await run(CommandContext(settings: loaded.settings, logger: logger))
    }
}

/// The settings and the logger of a command.
package struct CommandContext: Sendable {
    package var settings: Settings
    package var logger: Logger

    /// Pushes a job for each game that the arguments name or choose.
    ///
    /// - Parameter request: Returns a new job for a game.
    func enqueue(
        _ selection: GameSelection,
        _ games: GameFlags,
        _ flags: JobFlags,
        _ request: @escaping @Sendable (GameID) -> JobRequest
    ) async throws(CommandError) {
        if let game = games.single { return try await enqueue(request(game), flags) }
        let bulk = Actions.Bulk(
            choice: games,
            selection: GameSelection(
                kind: selection.kind,
                isForced: selection.isForced,
                pattern: games.match?.pattern
            ),
            waiting: flags.waiting,
            output: flags.output,
            request: request
        )
        try await Actions.act(bulk, self)
    }

    func enqueue(_ request: JobRequest, _ flags: JobFlags) async throws(CommandError) {
        // Render the message first: a message of excessive size is wrong use, whether Redis answers or not.
        do {
            _ = try request.message()
        } catch {
            throw .wrongUse("\(error)")
        }
        try await Actions.enqueue(
            request,
            wait: flags.waiting,
            output: flags.output,
            settings: settings,
            logger: logger
        )
    }
}
