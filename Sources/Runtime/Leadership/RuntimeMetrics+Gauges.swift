import JobContract
import JobQueue

/// The gauges of a node's leader. They leave the page at the end of its term.
extension RuntimeMetrics {
    /// The gauges of the leader's last readings, by what reads them.
    struct LeaderGauges: Sendable {
        let queues = GaugeSet()
        let groups = GaugeSet()
        let fleet = GaugeSet()
        let games = GaugeSet()
        let janitor = GaugeSet()

        /// Takes all gauges off the page.
        func clear() {
            for set in [queues, groups, fleet, games, janitor] { set.replace(by: []) }
        }
    }

    static let leader = LeaderGauges()

    static func janitor(abandoned: Int, unexplained: Int) -> [GaugeValue] {
        [("abandoned", abandoned), ("unexplained", unexplained)].map { complaint, count in
            GaugeValue(label: "rtm_janitor_containers", ["complaint": complaint], count)
        }
    }

    /// - Parameter oldest: The longest wait in the queue.
    static func queue(_ name: String, messages: Int, oldest: Duration) -> [GaugeValue] {
        [
            GaugeValue(label: "rtm_queue_messages", ["queue": name], messages),
            GaugeValue(label: "rtm_queue_oldest_seconds", ["queue": name], oldest / .seconds(1)),
        ]
    }

    /// Returns the waiting jobs of each reason that a node can count.
    static func waits(_ counts: WaitCounts, on node: NodeID) -> [GaugeValue] {
        WaitCounts.reasons.map { reason in
            GaugeValue(label: "rtm_jobs_waiting", ["reason": reason.rawValue], counts.byReason[reason] ?? 0)
        } + [GaugeValue(label: "rtm_node_draining", ["node": node.text], counts.isDrained ? 1 : 0)]
    }

    static func dead(_ totals: DeadLetterTotals) -> [GaugeValue] {
        [
            GaugeValue(label: "rtm_dead_letters", totals.count),
            GaugeValue(label: "rtm_dead_letters_bytes", totals.bytes),
            GaugeValue(label: "rtm_dead_letters_lost", ["reason": "no_space"], totals.trimmed),
            GaugeValue(label: "rtm_dead_letters_lost", ["reason": "wrong_type"], totals.lost),
        ]
    }

    static func games(running: Int, exited: Int, on node: NodeID) -> [GaugeValue] {
        [("running", running), ("exited", exited)].map { state, count in
            GaugeValue(label: "rtm_games", ["state": state, "node": node.text], count)
        }
    }

    /// - Parameter unserved: The number of messages in queues without a living worker, as last counted.
    static func fleet(_ counts: FleetCounts, unserved: Int) -> [GaugeValue] {
        let jobs = [
            ("waiting", counts.jobs.waiting), ("running", counts.jobs.running), ("retrying", counts.jobs.retrying),
        ]
        return jobs.map { GaugeValue(label: "rtm_jobs", ["state": $0], $1) }
            + FleetCounts.NodeState.allCases.map {
                GaugeValue(label: "rtm_nodes", ["state": $0.rawValue], counts.nodes[$0] ?? 0)
            }
            + counts.queues.map { GaugeValue(label: "rtm_queue_paused", ["queue": $0.name], $0.isPaused ? 1 : 0) }
            + [
                GaugeValue(label: "rtm_unserved_messages", unserved),
                GaugeValue(label: "rtm_duplicate_messages", counts.duplicates),
            ]
    }

    /// Returns the backlog of a consumer group.
    ///
    /// - Parameter entries: The number of entries, or nil if Redis cannot count the entries.
    static func backlog(of group: String, on stream: String, usedRetention: Double, entries: Int?) -> [GaugeValue] {
        let used = GaugeValue(
            label: "rtm_stream_group_retention_used",
            ["stream": stream, "group": group],
            usedRetention
        )
        guard let entries else { return [used] }
        return [
            used, GaugeValue(label: "rtm_stream_group_backlog_entries", ["stream": stream, "group": group], entries),
        ]
    }
}
