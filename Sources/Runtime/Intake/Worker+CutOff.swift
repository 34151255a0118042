import DockerPort
import JobQueue
import Logging
import Primitives
import RuntimeCore

/// How a node that is cut off from Redis stops its games (`RTM_STOP_WHEN_CUT_OFF`).
extension Worker {
    /// The number of games to stop concurrently. All games of a node must end within the same time.
    private static let mostStops = 512

    /// Stops all games after a long silence of Redis, until the task is cancelled.
    func stopWhenCutOff() async {
        guard configuration.stopsWhenCutOff else { return }
        var cutOff = CutOffWatch(grace: queue.options.nodeGrace, lease: queue.options.lease)
        var backoff = LoopBackoff()
        while !Task.isCancelled {
            switch cutOff.step(silence: state.lastProgress.duration(to: MonotonicClock.now)) {
            case .wait(let pause): try? await MonotonicClock.sleep(for: pause)
            case .stopGames:
                if await stopAllGames() {
                    cutOff.stopped()
                    backoff.succeeded()
                } else {
                    await backoff.pause()
                }
            }
        }
    }

    /// Stops the games of the node. Returns whether no game runs any more.
    private func stopAllGames() async -> Bool {
        do throws(DockerError) {
            let running = try await ownership.ownedRows().filter(\.isRunning)
            logger.error(
                "this node cannot reach Redis; stopping its games before other nodes take them over",
                metadata: ["games": "\(running.count)"]
            )
            return await withTaskGroup(of: Bool.self) { group in
                var rows = running.makeIterator()
                for _ in 0..<Self.mostStops { if let row = rows.next() { group.addTask { await self.end(row) } } }
                var haveAllEnded = true
                for await hasEnded in group {
                    haveAllEnded = haveAllEnded && hasEnded
                    if let row = rows.next() { group.addTask { await self.end(row) } }
                }
                return haveAllEnded
            }
        } catch {
            logger.error("the games of this node cannot be listed", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func end(_ container: ContainerSummary) async -> Bool {
        do throws(DockerError) {
            _ = try await docker.stop(container.id.text, timeout: CutOffWatch.stopTimeout)
            return true
        } catch {
            let isGone = error.code == .containerNotFound
            if !isGone {
                logger.error(
                    "a game of this node cannot be stopped",
                    metadata: ["container": "\(container.id.short)", "error": "\(error)"]
                )
            }
            return isGone
        }
    }
}
