import JobContract
import DockerPort
import Primitives
import RuntimeCore
import Support
import Synchronization

/// The Engine of one node: containers that start, end and are removed in their time, events that are told and
/// forgotten, and an end of its own.
final class SimulatedEngine: Sendable {
    struct Container {
        var inspect: ContainerInspect
        var image: String
        var network: String
    }

    /// What ended a process.
    enum Cause: Sendable {
        /// The process itself.
        case own
        case outOfMemory
        /// A call of a worker.
        case worker
        /// The end of the Engine, or of its machine.
        case engine
    }

    /// When a container of a game ran.
    struct Run {
        var game: GameID
        var containerID: ContainerID
        var from: Timestamp
        var to: Timestamp?
        var cause: Cause?
    }

    struct State {
        var containers: [ContainerID: Container] = [:]
        var history: [DockerEvent] = []
        var subscriptions: [Int: AsyncThrowingStream<DockerEvent, any Error>.Continuation] = [:]
        var lastNumber = 0
        var isUp = true
        var startedAt: Timestamp?
        /// When it ended and when it was back.
        var absences: [(from: Timestamp, to: Timestamp)] = []
        /// The containers whose processes went with the Engine.
        var lost: [ContainerID] = []
        var frozenUntil: Int64 = 0
        var lastDelivery: Int64 = 0
        var runs: [Run] = []
        var memory: [ContainerID: Int64] = [:]
        var images: Set<String> = ["engine:1", "engine:2", "engine:stubborn", "engine:brief", "engine:health"]
    }

    let node: NodeID
    let number: Int
    let scheduler: Scheduler
    let clock: @Sendable () -> Timestamp
    let state = Mutex(State())

    init(_ number: Int, node: NodeID, _ scheduler: Scheduler, clock: @escaping @Sendable () -> Timestamp) {
        self.number = number
        self.node = node
        self.scheduler = scheduler
        self.clock = clock
        let now = clock()
        state.withLock { $0.startedAt = now }
    }

    var isUp: Bool { state.withLock { $0.isUp } }
    var startedAt: Timestamp? { state.withLock { $0.startedAt } }
    var runs: [Run] { state.withLock { $0.runs } }
    var absences: [(from: Timestamp, to: Timestamp)] { state.withLock { $0.absences } }
    func memory(of id: ContainerID) -> Int64 { state.withLock { $0.memory[id] ?? 0 } }
    var all: [ContainerInspect] {
        state.withLock { $0.containers.values.map(\.inspect).sorted { $0.id > $1.id } }
    }

    /// How long a request waits before the Engine hears it.
    var stillFrozen: Duration {
        let until = state.withLock { $0.frozenUntil }
        return .nanoseconds(max(0, until - scheduler.now.nanoseconds))
    }

    func dice(_ most: Int) -> Int { Int(scheduler.random() % UInt64(most)) }

    // MARK: What calls do

    func find(_ id: ContainerID) -> Container? { state.withLock { $0.containers[id] } }

    /// Finds a container by its id or name.
    func find(_ container: String) -> Container? {
        find(ContainerID(container))
            ?? state.withLock { state in state.containers.values.first { $0.inspect.name == container } }
    }

    func hasImage(_ image: String) -> Bool { state.withLock { $0.images.contains(image) } }

    func pulled(_ image: String) { _ = state.withLock { $0.images.insert(image) } }

    func create(_ spec: RunSpec) -> Result<ContainerID, DockerError> {
        if let holder = find(spec.name) {
            return .failure(
                DockerError(
                    .nameConflict,
                    operation: "run",
                    message: "in use",
                    status: 409,
                    containerID: holder.inspect.id
                )
            )
        }
        let image = ImageReference(spec.image)?.description ?? spec.image
        let id = state.withLock { state in
            state.lastNumber += 1
            let digits = String(number * 100_000 + state.lastNumber, radix: 16)
            let id = ContainerID(String(repeating: "f", count: 64 - digits.count) + digits)
            let inspect = ContainerInspect(
                id: id,
                name: spec.name,
                imageRef: image,
                imageID: "sha256:" + image,
                hostname: spec.hostname,
                labels: spec.labels,
                status: "created",
                createdAt: clock(),
                nanoCPUs: Int64(spec.cpuQuota * 1e9),
                memoryBytes: MemorySize(spec.memory)?.bytes ?? 0
            )
            state.containers[id] = Container(inspect: inspect, image: image, network: spec.network)
            state.memory[id] = inspect.memoryBytes
            return id
        }
        emit("create", id)
        return .success(id)
    }

    func start(_ id: ContainerID) -> Bool {
        // What is being removed is not started any more, as the Engine has it.
        guard let container = find(id), container.inspect.status != "removing" else { return false }
        guard !container.inspect.isRunning else { return true }
        let now = clock()
        state.withLock { state in
            state.containers[id]?.inspect.status = "running"
            state.containers[id]?.inspect.startedAt = now
            state.containers[id]?.inspect.finishedAt = nil
            if container.image == "engine:health" { state.containers[id]?.inspect.health = "starting" }
            let game = GameID(container.inspect.labels[Self.gameLabel] ?? "")
            state.runs.append(Run(game: game, containerID: id, from: now))
        }
        emit("start", id)
        if container.image == "engine:brief" { end(id, code: 3, by: .own) }
        if container.image == "engine:health" {
            scheduler.after(.milliseconds(50 + dice(400))) { self.setHealth(id, "healthy") }
        }
        return true
    }

    /// Sends SIGTERM; answers after how long the process has ended.
    func stop(_ id: ContainerID, timeout: Duration) -> Duration {
        emit("kill", id)
        let isStubborn = find(id)?.image == "engine:stubborn"
        let pause = isStubborn ? timeout : min(timeout, .milliseconds(5 + dice(300)))
        scheduler.after(pause) {
            self.end(id, code: isStubborn || timeout == .zero ? 137 : 143, by: .worker)
            self.emit("stop", id)
        }
        return pause
    }

    /// Kills and removes; answers after how long it is gone.
    func remove(_ id: ContainerID) -> Duration {
        guard find(id) != nil else { return .zero }
        end(id, code: 137, by: .worker)
        state.withLock { $0.containers[id]?.inspect.status = "removing" }
        let pause = Duration.milliseconds(dice(10) == 0 ? 50 + dice(600) : dice(5))
        scheduler.after(pause) {
            guard self.find(id) != nil else { return }
            self.emit("destroy", id)
            self.state.withLock { $0.containers[id] = nil }
        }
        return pause
    }

    func subscribe(since: Timestamp?) -> DockerEvents {
        let (stream, continuation) = AsyncThrowingStream<DockerEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(1_024)
        )
        state.withLock { state in
            if let since { for event in state.history where event.occurredAt >= since { continuation.yield(event) } }
            state.lastNumber += 1
            state.subscriptions[state.lastNumber] = continuation
        }
        return DockerEvents(stream)
    }
}
