import JobContract
import JobQueue
import Pages
import Primitives
import QueueAdmin
import Redis
import Settings
import Terminal

// The commands of operators for status and nodes.
extension Actions {
    /// The approximate largest number of containers to read for a page.
    static let mostContainers = 20_000

    /// Shows the status of the deployment.
    ///
    /// - Parameter rows: The number of rows in each table if stdout is no terminal. The JSON has up to
    ///   `rows` nodes and running jobs, or up to 200 if `rows` is smaller.
    package static func status(rows: Int, _ output: OutputFormat, _ context: CommandContext) async throws(CommandError)
    {
        let pushedAt = try pushTimes(context.settings)
        let title = try title(context.settings)
        let page = try await withUsedQueue(context) { queue in
            try await collect(queue, title, rows: max(rows, 200), containers: mostContainers, pushedAt)
        }
        if output == .json { return StandardOutput.write(line: page.json.line) }
        for line in page.lines(on: .standardOutput, rows: rows) { StandardOutput.write(line: line) }
    }

    /// Shows the status again and again, until SIGINT or SIGTERM.
    static func watchStatus(
        every pause: Duration,
        rows: Int,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let pushedAt = try pushTimes(context.settings)
        let title = try title(context.settings)
        try await withUsedQueue(context) { queue in
            _ = try await untilSignal {
                var isFirst = true
                while !Task.isCancelled, StandardOutput.problem == nil {
                    do {
                        let most = max(rows, 200)
                        let page = try await collect(queue, title, rows: most, containers: mostContainers, pushedAt)
                        show(page, rows: rows, output, isFirst: isFirst)
                        isFirst = false
                    } catch {
                        if isFirst { throw error }
                        StandardError.write(line: "Redis was not read: \("\(error)")")
                    }
                    try await Task.sleep(for: pause)
                }
            }
        }
    }

    /// Shows a page in the place of the one before. Output that is no terminal has a blank line between pages.
    private static func show(_ page: StatusPage, rows: Int, _ output: OutputFormat, isFirst: Bool) {
        if output == .json { return StandardOutput.write(line: page.json.line) }
        let surface = Surface.standardOutput
        let lines = page.lines(on: surface, rows: rows)
        guard surface.width == nil else {
            StandardOutput.write(text: (isFirst ? "\u{1B}[2J" : "") + FullScreen.frame(lines, endsLine: true))
            return
        }
        for line in (isFirst ? [] : [""]) + lines { StandardOutput.write(line: line) }
    }

    /// Reads the data of the page: at most `rows` nodes and jobs, and about `containers` containers.
    package static func collect(
        _ queue: JobQueue,
        _ title: String,
        rows: Int,
        containers: Int,
        _ pushedAt: (_ message: [UInt8]) -> Timestamp?
    ) async throws(QueueError) -> StatusPage {
        let overview = try await queue.overview(limit: rows, pushedAt: pushedAt)
        let checkpoints = try await queue.containerCheckpoints(of: overview.nodes.map(\.id), limit: containers)
        var page = StatusPage(title: title, overview: overview)
        page.containers = ContainerLine.sorted(checkpoints.compactMap(ContainerLine.init))
        page.mayLackContainers = checkpoints.count >= containers
        return page
    }

    static func listNodes(_ output: OutputFormat, _ context: CommandContext) async throws(CommandError) {
        let overview = try await withUsedQueue(context) { try await $0.overview(limit: 1_000) { _ in nil } }
        if output == .json {
            for node in overview.nodes { StandardOutput.write(line: StatusPage.json(node, overview).line) }
            return
        }
        let page = StatusPage(title: "", overview: overview)
        let lines = page.nodes.lines(on: .standardOutput, things: "nodes")
        if lines.isEmpty { return StandardOutput.write(line: "no worker of this namespace was ever seen") }
        StandardOutput.write(line: "\(page.nodeHeading)")
        for line in lines { StandardOutput.write(line: line) }
    }

    package static func title(_ settings: Settings) throws(CommandError) -> String {
        "\(settings.namespace) on \(try settings.redisConfiguration().displayName)"
    }

    /// Returns a function that reads the push time from a message, as the producer stated the time.
    static func pushTimes(_ settings: Settings) throws(CommandError) -> @Sendable ([UInt8]) -> Timestamp? {
        let decoder = JobDecoder(signer: try settings.signer())
        return { message in
            guard case .job(let job) = decoder.decode(message) else { return nil }
            return job.enqueuedAt.flatMap { Timestamp(rfc3339: $0) }
        }
    }
}
