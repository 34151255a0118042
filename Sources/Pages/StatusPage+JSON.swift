import JobContract
import JobQueue
import Primitives
import QueueAdmin
import Terminal

extension StatusPage {
    /// The page for machines.
    package var json: JSONNode {
        .object([
            ("now", .time(overview.now)),
            (
                "jobs",
                .object([
                    ("live", .integer(overview.liveCount)), ("lanes", .integer(overview.laneCount)),
                    ("running", .integer(overview.runningCount)), ("retrying", .integer(overview.retryingCount)),
                    ("dead", .integer(overview.deadCount)), ("lost_records", .integer(overview.ghosts)),
                ])
            ),
            ("games_owned", .integer(overview.ownedCount)),
            ("clock_steps", .integer(overview.clockSteps)),
            ("key_problems", .array(overview.keyProblems.map { .string($0.description) })),
            ("dead_bytes", .integer(overview.deadBytes)), ("dead_trimmed", .integer(overview.deadTrimmed)),
            ("dead_lost", .integer(overview.deadLost)),
            ("queues", .array(overview.queues.map(\.json))),
            ("nodes", .array(overview.nodes.map { Self.json($0, overview) })),
            ("nodes_known", .integer(overview.nodeCount)), ("nodes_lost", .integer(overview.lostCount)),
            ("nodes_silent", .integer(overview.silentCount)),
            ("running", .array(overview.running.map(\.json))),
            ("containers", .array(containers.map(\.json))),
            ("may_lack_queues", overview.mayLackQueues ? .boolean(true) : nil),
            ("may_lack_containers", mayLackContainers ? .boolean(true) : nil),
        ])
    }

    package static func json(_ node: NodeOverview, _ overview: FleetOverview) -> JSONNode {
        .object([
            ("node", .string(node.id.text)), ("state", .string(NodeState(node, overview).word)),
            ("seen", .time(node.seen)), ("workers", .integer(node.workers)), ("games", .integer(node.games)),
            ("ready", .integer(node.ready)), ("draining", .boolean(node.isDraining)),
            ("host", node.host.map { .string($0) }), ("versions", .array(node.versions.map { .string($0) })),
            ("capacity", node.capacity.json), ("used", node.used.json),
            ("capacity_differs", node.capacityDiffers ? .boolean(true) : nil),
            ("games_to_stop", node.disowned > 0 ? .integer(node.disowned) : nil),
            ("listener", node.leader.map { .string($0) }), ("epoch", node.epoch.map { .integer(Int($0)) }),
        ])
    }
}

extension NodeCapacity {
    /// A value of 0 is not counted.
    fileprivate var json: JSONNode {
        .object([
            ("slots", .integer(slots)), ("cpu_thousandths", .integer(Int(cpu))),
            ("memory_bytes", .integer(Int(memory))),
        ])
    }
}

extension Demand {
    fileprivate var json: JSONNode {
        .object([("cpu_thousandths", .integer(Int(cpu))), ("memory_bytes", .integer(Int(memory)))])
    }
}

extension QueueOverview {
    package var json: JSONNode {
        .object([
            ("queue", .string(name)), ("waiting", .integer(waiting)),
            ("ready_starts", .integer(readyStarts)), ("ready_stops", .integer(readyStops)),
            ("oldest", oldest.map { .time($0) }), ("paused", .boolean(isPaused)), ("workers", .integer(workers)),
        ])
    }
}

extension RunningJob {
    package var json: JSONNode {
        .object([
            ("job_id", .string(id.text)), ("kind", .string(kind)), ("game_id", .string(gameID.text)),
            ("worker", .string(worker)), ("node", .string(node.text)), ("taken_at", .time(taken)),
            ("attempt", .integer(attempt)), ("progress", progress.map { .string($0) }),
        ])
    }
}

extension ContainerLine {
    package var json: JSONNode {
        .object([
            ("game_id", .string(gameID.text)), ("container_id", .string(id.text)), ("state", .string(word)),
            ("oom", .boolean(hadOOM)), ("since", since.map { .string($0.rfc3339) }), ("node", .string(node.text)),
            ("image", .string(image)),
        ])
    }
}
