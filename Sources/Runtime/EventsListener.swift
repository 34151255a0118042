import DockerPort
import JobContract
import JobQueue
import Logging
import RuntimeCore
import Timestamps

extension Worker {
    /// Stands for leadership of the node, and listens to its events while it leads.
    func listen() async {
        var leadership = Leadership(ttl: configuration.leaderTTL, now: MonotonicClock.now)
        while !Task.isCancelled {
            switch leadership.step(now: MonotonicClock.now) {
            case .wait(let until):
                let pause = max(MonotonicClock.now.duration(to: until), .milliseconds(1))
                if await state.leaderResigned.wait(atMost: pause) {
                    leadership.leaderResigned(now: MonotonicClock.now, random: .random(in: 0...1))
                }
            case .standDown:
                leadership.stoodDown(now: MonotonicClock.now, random: .random(in: 0...1))
            case .ask(let epoch):
                let cursor = await ask(&leadership, epoch: epoch)
                if case .leader(let epoch, _, _) = leadership.state { await lead(&leadership, epoch: epoch, cursor) }
            }
        }
    }

    private func ask(_ leadership: inout Leadership, epoch: Int64?) async -> String? {
        let requestStart = MonotonicClock.now
        var cursor: String?
        let answer: Leadership.Answer
        do throws(QueueError) {
            switch try await queue.lead(ttl: configuration.leaderTTL, epoch: epoch) {
            case .granted(let epoch, let last):
                answer = .granted(epoch: epoch)
                cursor = last
            case .held(let remaining): answer = .held(remaining: remaining)
            }
        } catch {
            answer = .failed
        }
        leadership.answered(
            answer,
            requestStart: requestStart,
            now: MonotonicClock.now,
            random: .random(in: 0...1)
        )
        return cursor
    }

    /// One term: renews it beside the listener, and ends the listener as a unit when the term ends.
    private func lead(_ leadership: inout Leadership, epoch: Int64, _ cursor: String?) async {
        logger.notice("listening to the node's events", metadata: ["epoch": "\(epoch)"])
        let listener = EventsListener(
            queue: queue,
            docker: docker,
            namespace: configuration.node.namespace,
            epoch: epoch,
            cursor: cursor.flatMap { Timestamp(rfc3339: $0) },
            logger: logger
        )
        var term = leadership
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run() }
            renewals: while !Task.isCancelled {
                switch term.step(now: MonotonicClock.now) {
                case .wait(let until):
                    try? await Task.sleep(for: max(MonotonicClock.now.duration(to: until), .milliseconds(1)))
                case .ask(let epoch):
                    _ = await ask(&term, epoch: epoch)
                    if case .leader(epoch, _, _) = term.state { continue }
                    break renewals
                case .standDown:
                    break renewals
                }
            }
            group.cancelAll()
        }
        if Task.isCancelled {
            // The end of this worker: another takes over without waiting for the lease to run out.
            await resign(epoch)
        } else {
            logger.warning("no longer listening to the node's events", metadata: ["epoch": "\(epoch)"])
        }
        term.stoodDown(now: MonotonicClock.now, random: .random(in: 0...1))
        leadership = term
    }

    private func resign(_ epoch: Int64) async {
        // A cancelled task cannot wait for Redis, so the goodbye runs in one that is not.
        await uncancelled {
            do throws(QueueError) { try await queue.resign(epoch: epoch) } catch {
                logger.debug("could not resign; the lease runs out", metadata: ["error": "\(error)"])
            }
        }
    }
}

/// Follows the containers of one node and publishes the steps of their stories.
///
/// Events are hints to look; ``RuntimeCore/Story`` decides what is missing, and the script publishes each
/// step once, whoever saw it.
struct EventsListener: Sendable {
    let queue: JobQueue
    let docker: any DockerClient
    let namespace: String
    let epoch: Int64
    let cursor: Timestamp?
    let logger: Logger

    /// Docker's clock is not in strict order over containers: a replay begins this much earlier.
    private static let overlap = Duration.seconds(2)

    /// Listens until the task is cancelled or another worker leads.
    func run() async {
        var backoff = Backoff()
        var since = cursor
        while !Task.isCancelled {
            do {
                let events = try await docker.eventsListen(since: since?.advanced(by: .zero - Self.overlap))
                var stories = StoryBook(listener: self, marks: try await queue.stories())
                try await stories.compareAll()
                backoff.succeeded()
                for try await event in events {
                    try await stories.look(event)
                    since = max(since ?? event.occurredAt, event.occurredAt)
                }
            } catch is Fenced {
                return
            } catch {
                guard !Task.isCancelled else { return }
                logger.warning("the event stream broke; listening anew", metadata: ["error": "\(error)"])
                await backoff.pause()
            }
        }
    }
}
