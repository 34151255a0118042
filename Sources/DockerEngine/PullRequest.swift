import AsyncHTTPClient
import DockerPort
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One pull, `POST /images/create`. The answer is 200 long before it is known how the pull ends: what counts are
/// the lines, and that the image is there afterwards. A registry that hangs says nothing at all.
struct PullRequest: Sendable {
    let transport: Transport
    let logins: RegistryLogins
    /// With tag or digest; without either the Engine would ask for all tags.
    let reference: String

    /// Pulls until the image is there.
    func run(progress: @escaping SharedPulls.Progress) async throws(DockerError) {
        guard let image = ImageReference(reference) else {
            throw .pull(.invalidSpec, "\(printable(reference)) is no image reference")
        }
        let credential = try await logins.credential(for: image)
        let watch = PullWatch(PullClock(begun: .now, deadlines: transport.configuration.deadlines))
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await read(request(image, credential), watch: watch, progress: progress) }
                group.addTask { try await watch.guardDeadlines() }
                try await group.next()
            }
        } catch let error as DockerError {
            throw error
        } catch {
            throw .pull(.cancelled, "the pull was cancelled")
        }
        do throws(DockerError) {
            _ = try await transport.imageInspect(image, caller: "pullImage")
        } catch {
            guard error.code == .imageNotFound else { throw error }
            throw .pull(.pullFailed, "the pull of \(reference) ended, but the image is not there", retryable: true)
        }
    }

    private func read(
        _ request: EngineRequest,
        watch: PullWatch,
        progress: SharedPulls.Progress
    ) async throws {
        let body = try await transport.open(request)
        var tracker = PullTracker(reference: reference)
        var splitter = LineSplitter()
        do {
            for try await chunk in body {
                for line in splitter.split(chunk) { Self.read(line, into: &tracker, progress: progress) }
                watch.seen(isExtracting: tracker.isExtracting)
            }
        } catch {
            throw transport.failed(request, error)
        }
        if let line = splitter.finish() { Self.read(line, into: &tracker, progress: progress) }
        if let failure = tracker.failure { throw DockerError.pullLine(failure) }
        // An Engine that ends in the middle may close the answer as if it were whole. Podman has no last line.
        guard tracker.isEnded || transport.isPodman else {
            throw DockerError.pull(.pullFailed, "the pull of \(reference) broke off", retryable: true)
        }
    }

    private static func read(_ line: ByteBuffer, into tracker: inout PullTracker, progress: SharedPulls.Progress) {
        // A line that is not understood is no sign of failure: the image's presence decides in the end.
        guard let line = try? JSONDecoder().decode(PullLine.self, from: line) else { return }
        if tracker.read(line) { progress(tracker.progress) }
    }

    private func request(_ image: ImageReference, _ credential: RegistryCredential?) -> EngineRequest {
        var request = EngineRequest(
            .pull,
            .POST,
            ["images", "create"],
            query: [("fromImage", image.repository), ("tag", image.digest ?? image.tag ?? "latest")],
            // The watch ends it earlier.
            deadline: transport.configuration.deadlines.pullTotal + .seconds(60),
            lane: .stream
        )
        if let credential { request.headers = [("X-Registry-Auth", credential.header)] }
        return request
    }
}

/// Ends a pull that shows no life.
private final class PullWatch: Sendable {
    private let clock: Mutex<PullClock>

    init(_ clock: PullClock) { self.clock = Mutex(clock) }

    func seen(isExtracting: Bool) {
        clock.withLock { $0.seen(at: .now, isExtracting: isExtracting) }
    }

    /// Returns only by throwing.
    func guardDeadlines() async throws {
        while true {
            let (instant, limit) = clock.withLock { $0.next }
            let now = ContinuousClock.now
            guard instant > now else { throw Self.passed(limit) }
            // What comes in the meantime may bring the next deadline nearer as well as put it off.
            try await Task.sleep(for: min(instant - now, .seconds(1)))
        }
    }

    private static func passed(_ limit: PullClock.Limit) -> DockerError {
        let reason =
            switch limit {
            case .firstByte: "the registry did not answer in time"
            case .inactivity: "nothing more came from the registry"
            case .total: "the pull took longer than allowed"
            }
        return .pull(.timeout, "pull: \(reason)", retryable: true)
    }
}
