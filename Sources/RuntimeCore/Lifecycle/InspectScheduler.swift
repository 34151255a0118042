import DockerPort
import JobContract
import Primitives

/// A request to inspect a container.
package struct InspectRequest: Sendable, Equatable {
    package let containerID: ContainerID
    /// The events behind the request, the oldest first; empty for a request of the reconciler.
    package var hints: [DockerEvent]

    package init(containerID: ContainerID, hints: [DockerEvent] = []) {
        self.containerID = containerID
        self.hints = hints
    }

    /// The container's game according to the events, or nil without events.
    package var gameID: GameID? { hints.first?.labels[GalaxyLabel.gameID].map { GameID($0) } }

    /// Whether an event of the next run needs a request of its own. An inspection shows a single run.
    fileprivate func endsBefore(_ event: DockerEvent) -> Bool { event.isStart && hints.contains(where: \.isEnd) }
}

/// Decides which containers to inspect next. Pure; the only buffer between Docker's events and the inspections.
///
/// Each game has a queue of requests. A queue runs one inspection at a time, so observations of a game keep the order of
/// its events, and a slow inspection delays no other game. Requests with events start before requests of the reconciler.
package struct InspectScheduler: Sendable {
    /// The largest number of inspections at a time. Docker answers an inspection in half a millisecond.
    package static let mostInspects = 64
    /// The largest number of inspections without an event at a time, and the shortest time between two such groups. The
    /// reconciler may ask for thousands, and jobs run on the same thread.
    package static let mostReconcileInspects = 4
    package static let reconcileInterval = Duration.milliseconds(2)
    /// The largest number of events in the scheduler.
    package static let mostEvents = 65_536

    private enum QueueKey: Hashable {
        case game(GameID)
        /// A container without an event, so far without a known game.
        case container(ContainerID)
    }

    private struct GameQueue {
        /// Requests with events in the order of the events, then requests of the reconciler.
        var waiting: [InspectRequest] = []
        var running: InspectRequest?
    }

    private struct Failure {
        var request: InspectRequest
        let retryAt: MonotonicInstant
    }

    private var queues: [QueueKey: GameQueue] = [:]
    /// The queue of each container with a waiting or running request. A container has one queue at a time.
    private var keys: [ContainerID: QueueKey] = [:]
    /// Queues that may start a request: with events, and of the reconciler. May contain a queue that is busy again.
    private var ready = FIFO<QueueKey>()
    private var reconcileReady = FIFO<QueueKey>()
    /// Requests to repeat, by container.
    private var failures: [ContainerID: Failure] = [:]
    private var nextReconcile: MonotonicInstant
    private var running = 0
    private var runningReconcile = 0
    private var eventCount = 0
    private let mostEvents: Int

    package init(mostEvents: Int = InspectScheduler.mostEvents, now: MonotonicInstant) {
        self.mostEvents = mostEvents
        nextReconcile = now
    }

    /// Adds an event. Returns false if the scheduler is full: then only a reconcile finds the missed change.
    package mutating func add(_ event: DockerEvent) -> Bool {
        guard eventCount < mostEvents else { return false }
        eventCount += 1
        let id = event.containerID
        if let failure = failures.removeValue(forKey: id) { enqueue(failure.request) }
        if let key = keys[id], let index = queues[key]?.waiting.lastIndex(where: { $0.containerID == id }),
            let request = queues[key]?.waiting[index], !request.endsBefore(event)
        {
            guard request.hints.isEmpty else {
                queues[key]?.waiting[index].hints.append(event)
                return true
            }
            // The event names the game, and has priority over the reconciler.
            queues[key]?.waiting.remove(at: index)
            forgetIfIdle(key, container: id)
        }
        enqueue(InspectRequest(containerID: id, hints: [event]))
        return true
    }

    /// Adds a request of the reconciler, unless a request for the container waits.
    package mutating func add(reconcile id: ContainerID) {
        if failures[id] != nil { return }
        if let key = keys[id], queues[key]?.waiting.contains(where: { $0.containerID == id }) == true { return }
        enqueue(InspectRequest(containerID: id))
    }

    /// Returns the requests to start at `now`, and counts them as running.
    package mutating func start(at now: MonotonicInstant) -> [InspectRequest] {
        let due = failures.values.filter { $0.retryAt <= now }.map(\.request).sorted { $0.containerID < $1.containerID }
        for request in due {
            failures[request.containerID] = nil
            enqueue(request)
        }
        var started: [InspectRequest] = []
        while running < Self.mostInspects, let key = ready.popFirst() {
            guard let request = next(of: key) else { continue }
            if request.hints.isEmpty { reconcileReady.append(key) } else { begin(request, key, &started) }
        }
        let space = Self.mostReconcileInspects - runningReconcile
        guard space > 0, nextReconcile <= now, !reconcileReady.isEmpty else { return started }
        nextReconcile = now.advanced(by: Self.reconcileInterval)
        let most = started.count + space
        while running < Self.mostInspects, started.count < most, let key = reconcileReady.popFirst() {
            if let request = next(of: key) { begin(request, key, &started) }
        }
        return started
    }

    /// Records the end of a request's inspection.
    package mutating func finish(_ request: InspectRequest) {
        let id = request.containerID
        guard let key = keys[id], let queue = queues[key], let ended = queue.running, ended.containerID == id else {
            return
        }
        running -= 1
        if ended.hints.isEmpty { runningReconcile -= 1 }
        eventCount -= ended.hints.count
        queues[key]?.running = nil
        guard case .game = key else {
            // Events may have named the game meanwhile: then the waiting requests belong to the queue of the game.
            queues[key] = nil
            keys[id] = nil
            return queue.waiting.forEach { enqueue($0) }
        }
        forgetIfIdle(key, container: id)
        if let next = queue.waiting.first { announce(key, next) }
    }

    /// Records an inspection without an answer. The request, with all later events of the container, is repeated at
    /// `retryAt`, or at the container's next event. Other containers of the game go on.
    package mutating func fail(_ request: InspectRequest, retryAt: MonotonicInstant) {
        let id = request.containerID
        guard let key = keys[id], let queue = queues[key], var failed = queue.running, failed.containerID == id else {
            return
        }
        let later = queue.waiting.filter { $0.containerID == id }.flatMap(\.hints)
        queues[key]?.waiting.removeAll { $0.containerID == id }
        finish(failed)
        eventCount += failed.hints.count
        failed.hints += later
        failures[id] = Failure(request: failed, retryAt: retryAt)
    }

    /// Returns the time until ``start(at:)`` can return more without a further call, or nil.
    package func pause(at now: MonotonicInstant) -> Duration? {
        var next = failures.values.map(\.retryAt).min()
        if !reconcileReady.isEmpty, runningReconcile < Self.mostReconcileInspects, running < Self.mostInspects {
            next = min(next ?? nextReconcile, nextReconcile)
        }
        return next.map { max(now.duration(to: $0), .zero) }
    }
}

extension InspectScheduler {
    private mutating func enqueue(_ request: InspectRequest) {
        let id = request.containerID
        let key = keys[id] ?? request.gameID.map { .game($0) } ?? .container(id)
        keys[id] = key
        var queue = queues[key] ?? GameQueue()
        let index = request.hints.isEmpty ? nil : queue.waiting.firstIndex { $0.hints.isEmpty }
        queue.waiting.insert(request, at: index ?? queue.waiting.endIndex)
        let isFirst = index == 0 || queue.waiting.count == 1
        queues[key] = queue
        if isFirst, queue.running == nil { announce(key, request) }
    }

    private mutating func announce(_ key: QueueKey, _ request: InspectRequest) {
        if request.hints.isEmpty { reconcileReady.append(key) } else { ready.append(key) }
    }

    /// Returns the next request of a queue, or nil if the queue is busy or empty.
    private func next(of key: QueueKey) -> InspectRequest? {
        guard let queue = queues[key], queue.running == nil else { return nil }
        return queue.waiting.first
    }

    private mutating func begin(_ request: InspectRequest, _ key: QueueKey, _ started: inout [InspectRequest]) {
        queues[key]?.waiting.removeFirst()
        queues[key]?.running = request
        running += 1
        if request.hints.isEmpty { runningReconcile += 1 }
        started.append(request)
    }

    /// Forgets the queue of a container without requests, and the queue itself if no request is left.
    private mutating func forgetIfIdle(_ key: QueueKey, container id: ContainerID) {
        guard let queue = queues[key] else { return }
        if queue.running?.containerID != id, !queue.waiting.contains(where: { $0.containerID == id }) { keys[id] = nil }
        if queue.running == nil, queue.waiting.isEmpty { queues[key] = nil }
    }
}

/// A first-in, first-out queue with amortized constant time for each operation.
private struct FIFO<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        defer {
            head += 1
            if head == elements.count || head > 4_096 {
                elements.removeFirst(head)
                head = 0
            }
        }
        return elements[head]
    }
}
