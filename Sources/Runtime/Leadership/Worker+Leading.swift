import RuntimeCore

extension Worker {
    /// Stands for leadership of the node, and does the leader's work during each term.
    ///
    /// - Parameter executor: The executor of the event listener.
    func listen(on executor: (any TaskExecutor)?) async {
        let candidate = Candidate(
            queue: queue,
            ttl: configuration.leaderTTL,
            leaderResigned: state.leaderResigned,
            logger: logger
        )
        await candidate.run { term in
            let listener = EventsListener(
                queue: queue,
                docker: docker,
                ownership: ownership,
                term: term,
                watch: watch,
                reconcileNow: state.reconcileNow,
                failed: { [state] in state.suspectKeys(after: $0) },
                executor: executor,
                enginePort: configuration.node.enginePort,
                logger: logger
            )
            let janitor = JanitorService(
                queue: queue,
                docker: docker,
                ownership: ownership,
                mode: configuration.janitor,
                grace: configuration.janitorGrace,
                kept: configuration.keptContainers,
                logger: logger,
                announce: { [state] in state.mustAnnounce.raise() }
            )
            let streamWatch = StreamWatch(queue: queue, decoder: decoder, logger: logger)
            defer { RuntimeMetrics.leader.clear() }
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await janitor.run() }
                group.addTask { await streamWatch.run() }
                // Returns if Redis says that the term has ended.
                await listener.run()
                group.cancelAll()
            }
        }
    }
}
