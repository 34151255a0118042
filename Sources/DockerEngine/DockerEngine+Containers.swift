import AsyncHTTPClient
import DockerPort
import Logging
import NIOCore
import NIOHTTP1
import Primitives

extension DockerEngine {
    package func inspectContainer(_ container: String) async throws(DockerError) -> ContainerInspect {
        try await inspected(container, caller: "inspectContainer").inspect
    }

    package func kill(_ container: String, signal: String) async throws(DockerError) {
        guard DockerNames.isSignal(signal) else {
            throw DockerError(
                .invalidSpec,
                operation: "kill",
                message: "\(printable(signal)) is no signal such as SIGKILL"
            )
        }
        let id = try await resolved(container, operation: "kill")
        try await sendKill(id, signal: signal, caller: "kill")
    }

    package func list(_ filter: ListFilter) async throws(DockerError) -> [ContainerSummary] {
        do {
            return try await withDeadline(configuration.deadlines.list) { [self] in try await summaries(filter) }
        } catch let error as DockerError {
            throw error
        } catch is DeadlinePassed {
            throw DockerError(.timeout, operation: "list", message: "list: not complete in time", retryable: true)
        } catch {
            throw DockerError(.cancelled, operation: "list", message: "list: cancelled")
        }
    }

    /// Inspects a container with `GET /containers/{id}/json`, by full id or exact name.
    func inspected(_ container: String, caller: String) async throws(DockerError) -> ContainerAnswer {
        let name = try DockerNames.container(container, operation: caller)
        let request = EngineRequest(
            .inspectContainer,
            .GET,
            ["containers", name, "json"],
            deadline: configuration.deadlines.inspect,
            caller: caller
        )
        var answer = try await transport.send(request, expecting: 200).decode(ContainerAnswer.self, for: request)
        if let image = answer.config?.image { answer.config?.image = transport.asWritten(image) }
        // The Docker Engine also finds a container by the first characters of its id.
        guard answer.id == name || withoutSlash(answer.name ?? "") == name else {
            throw DockerError(
                .containerNotFound,
                operation: caller,
                message: "no container has exactly the name \(name)",
                status: 200
            )
        }
        return answer
    }

    /// Returns `container`, or the full id if the Docker Engine could mistake the name for the beginning of an id.
    func resolved(_ container: String, operation: String) async throws(DockerError) -> String {
        let name = try DockerNames.container(container, operation: operation)
        guard DockerNames.looksLikeIDPrefix(name) else { return name }
        return try await inspected(name, caller: operation).id
    }

    /// Sends a signal with `POST /containers/{id}/kill`.
    func sendKill(_ id: String, signal: String, caller: String) async throws(DockerError) {
        let request = EngineRequest(
            .kill,
            .POST,
            ["containers", id, "kill"],
            query: [("signal", signal)],
            deadline: configuration.deadlines.kill,
            lane: .long,
            caller: caller
        )
        _ = try await transport.send(request, expecting: 204)
    }

    private func summaries(_ filter: ListFilter) async throws(DockerError) -> [ContainerSummary] {
        let rows = try await rows(filter)
        guard filter.inspectsRows else { return rows.map { summaryAlone($0) } }
        do {
            return try await inspectedRows(rows)
        } catch let error as DockerError {
            throw error
        } catch {
            throw DockerError(.cancelled, operation: "list", message: "list: cancelled")
        }
    }

    /// Lists the containers with `GET /containers/json`. Reads row by row: the list grows with the machine, but each
    /// row is bounded.
    private func rows(_ filter: ListFilter) async throws(DockerError) -> [ContainerRow] {
        let labels = filter.labels.map { "\($0.key)=\($0.value)" }
        let filters = String(buffer: try encodedJSON(["label": labels], operation: "list"))
        let request = EngineRequest(
            .list,
            .GET,
            ["containers", "json"],
            query: [("all", "1"), ("filters", filters)],
            deadline: configuration.deadlines.list,
            lane: .stream
        )
        let body = try await transport.open(request)
        var splitter = JSONArraySplitter(limit: configuration.maximumAnswerBytes)
        var rows: [ContainerRow] = []
        do {
            for try await chunk in body {
                for element in try splitter.split(chunk) {
                    let row = try EngineAnswer(status: 200, headers: [:], body: element)
                        .decode(ContainerRow.self, for: request)
                    if (row.labels ?? [:]).hasAll(of: filter.labels) { rows.append(row) }
                }
            }
            try splitter.finish()
        } catch let error as JSONArraySplitter.Malformed {
            throw DockerError(
                .invalidAnswer,
                operation: "list",
                message: "list: the Engine's answer cannot be read: \(error)",
                status: 200
            )
        } catch {
            throw transport.failed(request, error)
        }
        if splitter.dropped > 0 {
            // This project's containers have at most 20 KiB of labels, so a longer row belongs to somebody else's
            // container.
            logger.warning(
                "containers with an oversized list entry were left out",
                metadata: ["rows": "\(splitter.dropped)"]
            )
        }
        return rows
    }

    /// Inspects each row, because the list has neither hostname nor start time. Eight concurrent inspections are as
    /// fast as the Docker Engine.
    private func inspectedRows(_ rows: [ContainerRow]) async throws -> [ContainerSummary] {
        try await withThrowingTaskGroup(of: (Int, ContainerSummary?).self) { group in
            var summaries = [ContainerSummary?](repeating: nil, count: rows.count)
            for (index, row) in rows.enumerated() {
                if index >= 8, let (done, summary) = try await group.next() { summaries[done] = summary }
                group.addTask { (index, try await self.summary(row)) }
            }
            for try await (done, summary) in group { summaries[done] = summary }
            return summaries.compactMap { $0 }
        }
    }

    /// Inspects a row's container. Returns nil if the container is gone by now.
    private func summary(_ row: ContainerRow) async throws(DockerError) -> ContainerSummary? {
        do throws(DockerError) {
            let inspect = try await inspected(row.id, caller: "list").inspect
            return ContainerSummary(
                id: ContainerID(row.id),
                name: inspect.name,
                imageRef: inspect.imageRef.isEmpty ? transport.asWritten(row.image ?? "") : inspect.imageRef,
                hostname: inspect.hostname,
                labels: row.labels ?? [:],
                status: row.state ?? inspect.status,
                health: row.health,
                startedAt: inspect.startedAt
            )
        } catch {
            if error.code == .containerNotFound { return nil }
            throw error
        }
    }

    /// Returns a summary from the list alone.
    private func summaryAlone(_ row: ContainerRow) -> ContainerSummary {
        ContainerSummary(
            id: ContainerID(row.id),
            name: withoutSlash(row.names?.first ?? ""),
            imageRef: transport.asWritten(row.image ?? ""),
            hostname: "",
            labels: row.labels ?? [:],
            status: row.state ?? "",
            health: row.health,
            startedAt: nil
        )
    }
}
