import Primitives

import DockerPort
import Synchronization
import Primitives

extension FakeDocker {
    package func eventsListen(since: Timestamp?) async throws(DockerError) -> DockerEvents {
        if let fault = try await enter(.eventsListen) { throw fault }
        let (stream, continuation) = AsyncThrowingStream<DockerEvent, any Error>.makeStream(
            bufferingPolicy: .bufferingOldest(65_536)
        )
        if let since {
            for event in history where event.occurredAt >= since { continuation.yield(event) }
        }
        lastSubscription += 1
        let number = lastSubscription
        subscriptions[number] = continuation
        continuation.onTermination = { [ended] _ in
            ended.add(number)
        }
        return DockerEvents(stream)
    }

    /// How many read the events now.
    package var subscriptionCount: Int {
        forgetEnded()
        return subscriptions.count
    }

    private func forgetEnded() {
        for number in ended.take() { subscriptions[number] = nil }
    }

    func endSubscriptions(_ error: DockerError) {
        let ended = subscriptions.values
        subscriptions = [:]
        for continuation in ended { continuation.finish(throwing: error) }
    }

    func find(_ container: String) -> Container? {
        containers[ContainerID(container)] ?? containers.values.first { $0.inspect.name == container }
    }

    /// Makes a container that does not run yet.
    func make(_ spec: RunSpec) -> ContainerID {
        lastContainer += 1
        let id = Self.hexID(lastContainer)
        let image = images[Self.key(spec.image)]
        let inspect = ContainerInspect(
            id: id,
            name: spec.name,
            imageRef: Self.key(spec.image),
            imageID: image?.id ?? "",
            hostname: spec.hostname,
            labels: (image?.labels ?? [:]).merging(spec.labels) { _, own in own },
            status: "created",
            createdAt: clock(),
            mounts: spec.bindMounts,
            nanoCPUs: Int64((spec.cpuQuota * 100).rounded()) * 10_000_000,
            memoryBytes: MemorySize(spec.memory)?.bytes ?? 0
        )
        containers[id] = Container(inspect: inspect, spec: spec, behaviour: image?.behaviour ?? .runs)
        emit("create", id)
        return id
    }

    /// Lets another program hold a port of the host.
    package func hold(port: Int) { portsOfOthers.insert(port) }

    /// Binds the port of a container on the host. Returns the error if another container or program holds the port.
    func publish(_ spec: RunSpec, _ id: ContainerID) -> DockerError? {
        guard let published = spec.published else { return nil }
        let held = Set(
            containers.values.filter(\.inspect.isRunning).flatMap { $0.inspect.hostPorts.values.map(\.port) }
        )
        .union(portsOfOthers)
        let free = (49_152...65_535).first { !held.contains($0) } ?? 65_535
        let port = published.port ?? free
        guard !held.contains(port) else {
            return DockerError(
                .portTaken,
                operation: "run",
                message: "start: port is already allocated",
                status: 500,
                retryable: true
            )
        }
        containers[id]?.inspect.hostPorts = [spec.enginePort: HostPort(address: published.address, port: port)]
        return nil
    }

    /// Starts the process of a container.
    func begin(_ id: ContainerID) {
        guard let container = containers[id] else { return }
        let image = images[container.inspect.imageRef]
        containers[id]?.inspect.status = "running"
        containers[id]?.inspect.startedAt = clock()
        containers[id]?.inspect.health = image?.hasHealthcheck == true ? "starting" : ""
        if let network = container.spec?.network { attach(id, to: network) }
        emit("start", id)
        if case .exitsAtOnce(let code) = container.behaviour { end(id, code: code) }
    }

    /// The process of a container is over.
    func end(_ id: ContainerID, code: Int) {
        guard containers[id]?.inspect.isRunning == true else { return }
        containers[id]?.inspect.status = "exited"
        containers[id]?.inspect.exitCode = code
        containers[id]?.inspect.finishedAt = clock()
        containers[id]?.inspect.addresses = [:]
        containers[id]?.gatewayAddress = nil
        containers[id]?.inspect.hostPorts = [:]
        emit("die", id, ["exitCode": "\(code)"])
    }

    func delete(_ id: ContainerID) {
        emit("destroy", id)
        containers[id] = nil
    }

    /// Tells the subscribers of an event, as the Engine would: its labels, `exitCode` among them, lie over its own
    /// attributes. The Engine remembers 256.
    func emit(_ action: String, _ id: ContainerID, _ attributes: [String: String] = [:]) {
        guard isReachable, isHeard, let inspect = containers[id]?.inspect else { return }
        let claimed = (inspect.labels["exitCode"] ?? attributes["exitCode"]).flatMap { Int($0) }
        let own: Set<String> = ["image", "name", "exitCode", "signal", "execID", "execDuration"]
        let event = DockerEvent(
            action: action,
            containerID: id,
            name: inspect.name,
            image: inspect.imageRef,
            labels: inspect.labels.filter { !own.contains($0.key) },
            exitCode: claimed ?? 0,
            hasExitCode: claimed != nil,
            occurredAt: clock()
        )
        history.append(event)
        if history.count > 256 { history.removeFirst(history.count - 256) }
        forgetEnded()
        for continuation in subscriptions.values { continuation.yield(event) }
    }

    static func hexID(_ number: Int) -> ContainerID {
        ContainerID(String(repeating: "f", count: 48) + Hex.string(UInt64(number)))
    }
}

/// Counts from 1.
final class Ticks: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Numbers that are noted wherever they come up and taken up later.
final class Notes: Sendable {
    private let numbers = Mutex<Set<Int>>([])

    func add(_ number: Int) { _ = numbers.withLock { $0.insert(number) } }

    func take() -> Set<Int> {
        numbers.withLock { numbers in
            defer { numbers = [] }
            return numbers
        }
    }
}
