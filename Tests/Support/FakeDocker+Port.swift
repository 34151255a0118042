import Primitives

import DockerPort
import Primitives

extension FakeDocker {
    package func ensureNetwork(_ name: String) async throws(DockerError) {
        let fault = try await enter(.ensureNetwork)
        guard DockerNames.isNetwork(name) else {
            throw DockerError(.invalidSpec, operation: "ensureNetwork", message: "\(name) is no user-defined network")
        }
        if let refusal = refusal(ofNetwork: name) { throw refusal }
        if let fault { throw fault }
    }

    package func pullImage(
        _ reference: String,
        policy: PullPolicy,
        progress: (@Sendable (PullProgress) -> Void)?
    ) async throws(DockerError) {
        let image = try Self.parsed(reference, "pullImage")
        if policy == .always || policy == .ifMissing && images[image.description] == nil {
            progress?(PullProgress(reference: image.description, layers: 1, bytesTotal: 1))
        }
        let fault = try await enter(.pullImage)
        let isHere = images[image.description] != nil
        if isHere, policy != .always || image.digest != nil { return }
        guard policy != .never else { throw Self.noImage(reference, "pullImage") }
        record(.pull(image.description))
        guard let found = registry[image.description] else { throw Self.noImage(reference, "pullImage") }
        progress?(PullProgress(reference: image.description, layers: 1, layersDone: 1, bytesDone: 1, bytesTotal: 1))
        images[image.description] = found
        if let fault { throw fault }
    }

    package func inspectImage(_ reference: String) async throws(DockerError) -> ImageInspect {
        let fault = try await enter(.inspectImage)
        let image = try Self.parsed(reference, "inspectImage")
        guard let found = images[image.description] else { throw Self.noImage(reference, "inspectImage") }
        if let fault { throw fault }
        return ImageInspect(
            ref: reference,
            id: found.id,
            labels: found.labels,
            hasHealthcheck: found.hasHealthcheck,
            slowedHealthcheck: found.slowedHealthcheck
        )
    }

    package func inspectImage(id: String) async throws(DockerError) -> ImageInspect {
        let fault = try await enter(.inspectImageID)
        guard DockerNames.isImageID(id) else {
            throw DockerError(.invalidSpec, operation: "inspectImage", message: "\(id) is no image id")
        }
        guard let found = images.values.first(where: { $0.id == id }) ?? untagged[id] else {
            throw Self.noImage(id, "inspectImage")
        }
        if let fault { throw fault }
        return ImageInspect(ref: id, id: found.id, labels: found.labels, hasHealthcheck: found.hasHealthcheck)
    }

    package func inspectContainer(_ container: String) async throws(DockerError) -> ContainerInspect {
        if let delay = inspectDelays[container] { try? await pause(delay, because: "a Docker Engine is slow") }
        let fault = try await enter(.inspectContainer)
        let found = try existing(container, "inspectContainer")
        if let fault { throw fault }
        return found.inspect
    }

    package func run(_ spec: RunSpec) async throws(DockerError) -> RunResult {
        do {
            try spec.validateForEngine()
        } catch {
            throw DockerError(.invalidSpec, operation: "run", message: error.description)
        }
        let fault = try await enter(.run)
        record(.run(name: spec.name))
        guard images[Self.key(spec.image)] != nil else { throw Self.noImage(spec.image, "run") }
        if let holder = find(spec.name) {
            throw DockerError(
                .nameConflict,
                operation: "run",
                message: "the name \(spec.name) is in use",
                status: 409,
                containerID: holder.inspect.id
            )
        }
        let id = make(spec)
        if let refusal = attachmentRefusal(spec.network) {
            delete(id)
            throw refusal
        }
        if let taken = publish(spec, id) {
            delete(id)
            throw taken
        }
        begin(id)
        if let wanted = spec.imageID, wanted != images[Self.key(spec.image)]?.id {
            delete(id)
            throw DockerError(
                .startFailed,
                operation: "run",
                message: "\(spec.image) became another image while it was started",
                retryable: true
            )
        }
        if let fault { throw fault }
        guard let inspect = containers[id]?.inspect, inspect.isRunning, let startedAt = inspect.startedAt else {
            throw DockerError(.startFailed, operation: "run", message: "the process ended at once", containerID: id)
        }
        let hostPort = inspect.hostPorts[spec.enginePort]?.port
        return RunResult(
            containerID: id,
            engineEndpoint: spec.engineEndpoint(hostPort: hostPort),
            startedAt: startedAt,
            hostPort: hostPort
        )
    }

    package func stop(_ container: String, timeout: Duration) async throws(DockerError) -> StopOutcome {
        let fault = try await enter(.stop)
        let found = try existing(container, "stop")
        let id = found.inspect.id
        record(.stop(id: id, timeout: timeout))
        guard found.inspect.isRunning else { return StopOutcome(alreadyStopped: true) }
        let isForced = found.behaviour == .ignoresTermination
        emit("kill", id, ["signal": "15"])
        if isForced { emit("kill", id, ["signal": "9"]) }
        end(id, code: isForced ? 137 : 143)
        emit("stop", id)
        if let fault { throw fault }
        return StopOutcome(forced: isForced)
    }

    package func remove(_ container: String) async throws(DockerError) {
        let fault = try await enter(.remove)
        let name = try Self.named(container, "remove")
        guard let id = find(name)?.inspect.id else { return }
        record(.remove(id: id))
        if containers[id]?.inspect.isRunning == true {
            emit("kill", id, ["signal": "9"])
            end(id, code: 137)
        }
        delete(id)
        if let fault { throw fault }
    }

    package func list(_ filter: ListFilter) async throws(DockerError) -> [ContainerSummary] {
        let fault = try await enter(.list)
        if let fault { throw fault }
        let rows = containers.values.map(\.inspect).filter { container in
            container.labels.hasAll(of: filter.labels)
        }
        return rows.sorted { $0.id > $1.id }.map { row in
            ContainerSummary(
                id: row.id,
                name: row.name,
                imageRef: row.imageRef,
                hostname: filter.inspectsRows ? row.hostname : "",
                labels: row.labels,
                status: row.status,
                health: ["healthy", "unhealthy"].contains(row.health) && row.isRunning ? row.health : "",
                startedAt: filter.inspectsRows ? row.startedAt : nil
            )
        }
    }

    package func ping() async throws(DockerError) {
        if let fault = try await enter(.ping) { throw fault }
    }

    package func startTime() async throws(DockerError) -> Timestamp? { startedAt }

    package func info() async throws(DockerError) -> EngineInfo {
        if let fault = try await enter(.info) { throw fault }
        return EngineInfo(
            id: engineID,
            name: "fake",
            serverVersion: "0.0.0",
            apiVersion: "1.41",
            cpus: 2,
            memoryBytes: 4 << 30,
            swarm: swarm
        )
    }

    package func kill(_ container: String, signal: String) async throws(DockerError) {
        let fault = try await enter(.kill)
        guard DockerNames.isSignal(signal) else {
            throw DockerError(.invalidSpec, operation: "kill", message: "\(signal) is no signal")
        }
        let found = try existing(container, "kill")
        let id = found.inspect.id
        record(.kill(id: id, signal: signal))
        guard found.inspect.isRunning else {
            throw DockerError(
                .containerNotRunning,
                operation: "kill",
                message: "\(container) is not running",
                status: 409
            )
        }
        emit("kill", id, ["signal": signal])
        if ["SIGKILL", "KILL", "9"].contains(signal) { end(id, code: 137) }
        if ["SIGTERM", "TERM", "15"].contains(signal), found.behaviour == .runs { end(id, code: 143) }
        if let fault { throw fault }
    }

    // MARK: Inside

    private func existing(_ container: String, _ operation: String) throws(DockerError) -> Container {
        guard let found = find(try Self.named(container, operation)) else {
            throw DockerError(
                .containerNotFound,
                operation: operation,
                message: "no such container: \(container)",
                status: 404
            )
        }
        return found
    }

    private static func named(_ container: String, _ operation: String) throws(DockerError) -> String {
        guard DockerNames.isContainerID(container) || DockerNames.isContainerName(container) else {
            throw DockerError(.invalidSpec, operation: operation, message: "\(container) is no container's id or name")
        }
        return container
    }

    private static func parsed(_ reference: String, _ operation: String) throws(DockerError) -> ImageReference {
        guard let image = ImageReference(reference) else {
            throw DockerError(.invalidSpec, operation: operation, message: "\(reference) is no image reference")
        }
        return image
    }

    private static func noImage(_ reference: String, _ operation: String) -> DockerError {
        DockerError(.imageNotFound, operation: operation, message: "no such image: \(reference)", status: 404)
    }
}
