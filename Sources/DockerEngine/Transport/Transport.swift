import AsyncHTTPClient
import DockerPort
import Logging
import NIOCore
import NIOHTTP1
import Primitives
import Synchronization

/// An answer of the Docker Engine with any status.
struct EngineAnswer: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: ByteBuffer

    var text: String { String(buffer: body) }
}

/// Sends requests to the Docker Engine: keeps the connections, the deadlines and the API version. The transport itself
/// sends only `/_ping`.
final class Transport: Sendable {
    let configuration: DockerEngine.Configuration
    private let origin: Origin
    private let short: HTTPClient
    private let long: HTTPClient
    private let streams: HTTPClient
    private let probes: HTTPClient
    private let negotiated = Mutex<APIVersion?>(nil)
    private let talksToPodman = Mutex(false)

    init(configuration: DockerEngine.Configuration) throws(DockerEngine.ConfigurationError) {
        self.configuration = configuration
        origin = Origin(configuration.endpoint)
        let settings = try ClientSettings(configuration)
        // Up to 64 inspections can wait at once, because the Docker Engine locks a container during its removal. This
        // group needs more connections.
        short = settings.client(connections: 96)
        // Enough connections for all concurrent starts, stops and streams, so that no call waits for another call's
        // connection.
        long = settings.client(connections: 1_024)
        streams = settings.client(connections: 1_024)
        probes = settings.client(connections: 64)
    }

    /// Ends all running calls and closes the connections.
    func shutdown() async throws {
        var failure: (any Error)?
        for client in [streams, long, short, probes] {
            do { try await client.shutdown() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    /// Sends `request` and returns the answer, whatever the status.
    ///
    /// The transport sends a request once. The only exception is a request that the Docker Engine refused because of
    /// its API version.
    func send(_ request: EngineRequest) async throws(DockerError) -> EngineAnswer {
        let answer = try await exchange(request, version: version(for: request))
        guard Self.refusesVersion(answer) else { return answer }
        forgetVersion()
        return try await exchange(request, version: version(for: request))
    }

    /// Sends `request` and returns the answer.
    ///
    /// - Throws: the error for the answer, if the status is not among `statuses`.
    func send(_ request: EngineRequest, expecting statuses: Int...) async throws(DockerError) -> EngineAnswer {
        let answer = try await send(request)
        guard statuses.contains(answer.status) else { throw Self.error(request, answer) }
        return answer
    }

    /// Sends `request` and returns the body of a continuing answer. The head must arrive within the request's deadline
    /// with status 200.
    func open(_ request: EngineRequest) async throws(DockerError) -> HTTPClientResponse.Body {
        let refusal: EngineAnswer
        switch try await opened(request) {
        case .success(let body): return body
        case .failure(let answer): refusal = answer.answer
        }
        guard Self.refusesVersion(refusal) else { throw Self.error(request, refusal) }
        forgetVersion()
        switch try await opened(request) {
        case .success(let body): return body
        case .failure(let answer): throw Self.error(request, answer.answer)
        }
    }

    /// An answer with an error status.
    private struct Refusal: Error {
        var answer: EngineAnswer
    }

    private static func error(_ request: EngineRequest, _ answer: EngineAnswer) -> DockerError {
        if let oldest = EngineMessage(answer.text).oldestVersion, refusesVersion(answer) {
            let message = APIVersion.refusal(ofOldest: oldest).description
            return DockerError(.engineError, operation: request.caller, message: message)
        }
        return .answer(request.operation, status: answer.status, body: answer.text, caller: request.caller)
    }

    private func opened(
        _ request: EngineRequest
    ) async throws(DockerError) -> Result<HTTPClientResponse.Body, Refusal> {
        let version = try await version(for: request)
        let message = self.message(request, version: version)
        let response: HTTPClientResponse
        let begin = ContinuousClock.now
        do {
            response = try await withDeadline(request.deadline) { [streams] in
                try await streams.execute(message, deadline: .distantFuture)
            }
        } catch {
            throw unanswered(request, error)
        }
        CallMetrics.answered(request.operation, status: Int(response.status.code), since: begin)
        guard response.status != .ok else { return .success(response.body) }
        let body: ByteBuffer
        do {
            body = try await withDeadline(request.deadline) { try await response.body.collect(upTo: 64 << 10) }
        } catch {
            throw failed(request, error)
        }
        let status = Int(response.status.code)
        return .failure(Refusal(answer: EngineAnswer(status: status, headers: response.headers, body: body)))
    }

    /// Returns the error for a failure of the connection. Forgets the API version, because the next connection may
    /// reach another Docker Engine.
    func failed(_ request: EngineRequest, _ error: any Error) -> DockerError {
        if let error = error as? DockerError { return error }
        // A cancelled HTTP client may report a closed connection instead.
        let failure = Task.isCancelled && !(error is DeadlinePassed) ? .cancelled : TransportFailure(error)
        if case .lost = failure { forgetVersion() }
        if case .notSent = failure { forgetVersion() }
        return failure.dockerError(request, endpoint: configuration.endpoint)
    }

    /// Returns the API version. The first call, and each call after `forgetVersion`, negotiates the version.
    func version(for request: EngineRequest) async throws(DockerError) -> APIVersion? {
        if request.operation == .ping { return nil }
        if let known = negotiated.withLock({ $0 }) { return known }
        let ping = EngineRequest(.ping, .GET, ["_ping"], deadline: configuration.deadlines.ping, caller: request.caller)
        let answer = try await exchange(ping, version: nil)
        guard answer.status == 200 else {
            throw DockerError.answer(.ping, status: answer.status, body: answer.text, caller: request.caller)
        }
        switch APIVersion.negotiated(theirs: answer.headers.first(name: "Api-Version")) {
        case .success(let version):
            talksToPodman.withLock { $0 = answer.headers.contains(name: "Libpod-API-Version") }
            negotiated.withLock { $0 = version }
            return version
        case .failure(let refusal):
            throw DockerError(.engineError, operation: request.caller, message: refusal.description)
        }
    }

    /// Whether the Docker Engine is Podman, as found by the last negotiation.
    var isPodman: Bool { talksToPodman.withLock { $0 } }

    /// Returns an image reference in the usual form. If a reference names no registry, Podman adds the registry of
    /// Docker Hub in front. Docker keeps the reference of the request.
    func asWritten(_ reference: String) -> String {
        guard isPodman else { return reference }
        for hub in ["docker.io/library/", "docker.io/"] where reference.hasPrefix(hub) {
            return String(reference.dropFirst(hub.count))
        }
        return reference
    }

    private func forgetVersion() { negotiated.withLock { $0 = nil } }

    private static func refusesVersion(_ answer: EngineAnswer) -> Bool {
        answer.status == 400 && answer.body.readableBytes < 1_024
            && EngineMessage(answer.text).refusesVersion
    }

    private func exchange(_ request: EngineRequest, version: APIVersion?) async throws(DockerError) -> EngineAnswer {
        // A pull needs no permit, because a pull harms nobody. A container may belong to another worker by now.
        if request.operation.changes, request.operation != .pull, !ChangePermit.isGranted() {
            throw ChangePermit.refusal(operation: request.caller)
        }
        let message = self.message(request, version: version)
        let client = client(for: request.lane)
        let limit = configuration.maximumAnswerBytes
        let begin = ContinuousClock.now
        do {
            let answer = try await withDeadline(request.deadline) {
                let response = try await client.execute(message, deadline: .distantFuture)
                return EngineAnswer(
                    status: Int(response.status.code),
                    headers: response.headers,
                    body: try await response.body.collect(upTo: limit)
                )
            }
            CallMetrics.answered(request.operation, status: answer.status, since: begin)
            return answer
        } catch {
            throw unanswered(request, error)
        }
    }

    private func unanswered(_ request: EngineRequest, _ error: any Error) -> DockerError {
        let error = failed(request, error)
        CallMetrics.failed(request.operation, error)
        return error
    }

    private func client(for lane: EngineRequest.Lane) -> HTTPClient {
        switch lane {
        case .short: short
        case .long: long
        case .stream: streams
        case .probe: probes
        }
    }

    private func message(_ request: EngineRequest, version: APIVersion?) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: origin.url + request.target(version: version))
        message.method = request.method
        if let host = origin.host { message.headers.replaceOrAdd(name: "Host", value: host) }
        message.headers.replaceOrAdd(name: "User-Agent", value: "rtmanager")
        if request.lane == .probe { message.headers.replaceOrAdd(name: "Connection", value: "close") }
        for (name, value) in request.headers { message.headers.replaceOrAdd(name: name, value: value) }
        if let body = request.body {
            message.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
            message.body = .bytes(body)
        }
        return message
    }
}

/// The beginning of every URL.
private struct Origin: Sendable {
    var url: String
    /// The header `Host`. Docker answers 400 to a request without this header, and the HTTP client sends none over a
    /// Unix socket.
    var host: String?

    init(_ endpoint: DockerEngine.Endpoint) {
        switch endpoint {
        case .unix(let path):
            url = "http+unix://" + percentEncoded(path)
            host = "docker"
        case .tcp(let name, let port, let tls):
            let scheme = tls == nil ? "http" : "https"
            url = "\(scheme)://" + (name.contains(":") ? "[\(name)]" : name) + ":\(port)"
        }
    }
}
