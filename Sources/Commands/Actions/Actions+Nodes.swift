import JobContract
import JobQueue
import Pages
import Primitives
import QueueAdmin
import Terminal

// The commands of operators for one node.
extension Actions {
    /// Takes a node out of service.
    ///
    /// - Parameter waiting: The longest wait for the end of the node's running jobs; nil: no wait.
    package static func drain(
        _ name: NodeID,
        waiting: Duration? = nil,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let (node, isNew) = try await withUsedQueue(context) { queue in
            let node = try await resolve(node: name.text, queue)
            let isNew = try await audited(.drain(node: node), queue, context)
            if let waiting { try await untilIdle(node, queue, atMost: waiting) }
            return (node, isNew)
        }
        let done = waiting == nil ? "what runs there runs on" : "no job runs there any more, and its games run on"
        let sentence = ServiceChange.drain(node: node).sentence(isNew: isNew)
        tell(isNew ? "\(sentence); \(done)" : sentence, output, ["node": node.text, "state": "draining"])
    }

    /// Waits until no job runs on the node.
    private static func untilIdle(_ node: NodeID, _ queue: JobQueue, atMost limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        while true {
            let running = try await queue.runningJobs(on: node)
            if running.isEmpty { return }
            guard ContinuousClock.now < end else {
                let jobs = ShortCount.text(running.count, "job runs", "jobs run")
                throw CommandError.failed("\(jobs) on \(node) after \(limit.shortText), for example \(running[0])")
            }
            // Redis tells nobody that a job has ended, except by the result of each job.
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    package static func resumeNode(
        _ name: NodeID,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let (node, isNew) = try await withUsedQueue(context) { queue in
            let node = try await resolve(node: name.text, queue)
            return (node, try await audited(.resumeNode(node), queue, context))
        }
        let sentence = ServiceChange.resumeNode(node).sentence(isNew: isNew)
        tell(sentence, output, ["node": node.text, "state": "open"])
    }

    /// Shows the containers of a node, those with problems first.
    package static func listGames(
        of name: NodeID,
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        let (node, overview, containers) = try await withUsedQueue(context) { queue in
            let node = try await resolve(node: name.text, queue)
            let checkpoints = try await queue.containerCheckpoints(of: [node], limit: mostContainers)
            return (node, try await queue.overview(of: node), checkpoints)
        }
        let lines = ContainerLine.sorted(containers.compactMap(ContainerLine.init))
        if output == .json {
            for container in lines { StandardOutput.write(line: container.json.line) }
            return
        }
        let page = StatusPage(title: "", overview: overview, containers: lines)
        for line in page.games.lines(on: .standardOutput, things: "containers") { StandardOutput.write(line: line) }
        if lines.isEmpty { StandardOutput.write(line: "no container is known on \(node)") }
    }
}
