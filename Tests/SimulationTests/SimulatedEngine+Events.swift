import DockerPort
import Primitives
import RuntimeCore
import Support
import Synchronization

extension SimulatedEngine {
    static let gameLabel = "com.galaxy.game_id"

    /// Events are told a little later, in their order.
    func emit(_ action: String, _ id: ContainerID) {
        guard let container = find(id)?.inspect, isUp else { return }
        let event = DockerEvent(
            action: action,
            containerID: id,
            name: container.name,
            image: container.imageRef,
            labels: container.labels,
            exitCode: container.exitCode,
            hasExitCode: action == "die",
            occurredAt: clock()
        )
        let now = scheduler.now.nanoseconds
        let (numbers, at) = state.withLock { state in
            state.history.append(event)
            if state.history.count > 256 { state.history.removeFirst() }
            state.lastDelivery = max(state.lastDelivery, state.frozenUntil, now + Int64(dice(3_000_000)))
            return (state.subscriptions.keys.sorted(), state.lastDelivery)
        }
        scheduler.after(.nanoseconds(at - now)) {
            for number in numbers { self.state.withLock { $0.subscriptions[number] }?.yield(event) }
        }
    }

    /// The process of a container is over.
    func end(_ id: ContainerID, code: Int, by cause: Cause, isSeen: Bool = true) {
        guard find(id)?.inspect.isRunning == true else { return }
        if cause == .outOfMemory {
            state.withLock { $0.containers[id]?.inspect.oomKilled = true }
            emit("oom", id)
        }
        let now = clock()
        state.withLock { state in
            state.containers[id]?.inspect.status = "exited"
            state.containers[id]?.inspect.exitCode = code
            state.containers[id]?.inspect.finishedAt = now
            if let index = state.runs.lastIndex(where: { $0.containerID == id }) {
                (state.runs[index].to, state.runs[index].cause) = (now, cause)
            }
        }
        if isSeen { emit("die", id) }
    }

    func setHealth(_ id: ContainerID, _ health: String) {
        guard find(id)?.inspect.isRunning == true else { return }
        state.withLock { $0.containers[id]?.inspect.health = health }
        emit("health_status: \(health)", id)
    }

    /// Subscriptions end.
    func cut() {
        let ended = state.withLock { state in
            defer { state.subscriptions = [:] }
            return state.subscriptions.sorted { $0.key < $1.key }.map(\.value)
        }
        for continuation in ended { continuation.finish(throwing: Self.away("eventsListen")) }
    }

    /// The Engine ends, and its containers with it; where it is killed nobody tells of that.
    func goDown(killed: Bool) {
        let running = all.filter(\.isRunning).map(\.id)
        if killed { state.withLock { $0.isUp = false } }
        for id in running { end(id, code: killed ? 255 : 143, by: .engine) }
        let now = clock()
        state.withLock {
            $0.isUp = false
            $0.history = []
            $0.absences.append((from: now, to: now))
            $0.lost = killed ? running : []
        }
        cut()
    }

    /// An Engine that was killed finds its processes gone, and does not know since when.
    func comeUp() {
        let (found, now) = (clock(), clock())
        state.withLock {
            for id in $0.lost { $0.containers[id]?.inspect.finishedAt = found }
            $0.isUp = true
            $0.startedAt = now
            if let last = $0.absences.indices.last { $0.absences[last].to = now }
        }
    }

    /// As `docker rename` does.
    func rename(_ id: ContainerID, to name: String) {
        guard find(name) == nil else { return }
        state.withLock { $0.containers[id]?.inspect.name = name }
        emit("rename", id)
    }

    func freeze(for time: Duration) {
        let until = scheduler.now.nanoseconds + time.wholeNanoseconds
        state.withLock { $0.frozenUntil = max($0.frozenUntil, until) }
    }

    static func away(_ operation: String) -> DockerError {
        DockerError(.unavailable, operation: operation, message: "the Engine is out of reach", retryable: true)
    }
}
