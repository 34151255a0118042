import AsyncHTTPClient
import DockerPort
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1
import Primitives
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A pull by `POST /images/create`.
///
/// The Docker Engine answers 200 long before the end of the pull. The result depends on the lines of the answer, and on
/// the image's presence afterwards. If a registry hangs, no lines come at all.
struct PullRequest: Sendable {
    let transport: Transport
    let logins: RegistryLogins
    /// The reference with a tag or a digest. Without either, the Docker Engine would pull all tags.
    let reference: String

    /// Pulls the image and returns after the image is present.
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
        // A Docker Engine that stops during a pull may close the answer as if the answer were complete. Podman sends no
        // final line.
        guard tracker.isEnded || transport.isPodman else {
            throw DockerError.pull(.pullFailed, "the pull of \(reference) broke off", retryable: true)
        }
    }

    private static func read(_ line: ByteBuffer, into tracker: inout PullTracker, progress: SharedPulls.Progress) {
        // Skip unknown lines: in the end the image's presence decides.
        guard let line = try? JSONDecoder().decode(PullLine.self, from: line) else { return }
        if tracker.read(line) { progress(tracker.progress) }
    }

    private func request(_ image: ImageReference, _ credential: RegistryCredential?) -> EngineRequest {
        var request = EngineRequest(
            .pull,
            .POST,
            ["images", "create"],
            query: [("fromImage", image.repository), ("tag", image.digest ?? image.tag ?? "latest")],
            // The watch ends the pull earlier.
            deadline: transport.configuration.deadlines.pullTotal + .seconds(60),
            lane: .stream
        )
        if let credential { request.headers = [("X-Registry-Auth", credential.header)] }
        return request
    }
}

/// Ends a pull after one of its deadlines.
private final class PullWatch: Sendable {
    private let clock: Mutex<PullClock>

    init(_ clock: PullClock) { self.clock = Mutex(clock) }

    func seen(isExtracting: Bool) {
        clock.withLock { $0.seen(at: .now, isExtracting: isExtracting) }
    }

    /// Waits, and throws when a deadline has passed. Never returns normally.
    func guardDeadlines() async throws {
        while true {
            let (instant, limit) = clock.withLock { $0.next }
            let now = ContinuousClock.now
            guard instant > now else { throw Self.passed(limit) }
            // Sleep at most a second: a new line can also bring the next deadline nearer.
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
