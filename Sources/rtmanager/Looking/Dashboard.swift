import JobQueue
import RuntimeCore
import Synchronization
import Timestamps

/// The page at `/` of a worker. It is read from Redis once a second at most, whoever looks.
final class Dashboard: Sendable {
    private struct State {
        var page = ""
        var madeAt: MonotonicInstant?
        var isBusy = false
    }

    private static let keptFor = Duration.seconds(1)
    private static let mostContainers = 2_000

    private let queue: JobQueue
    private let title: String
    private let pushedAt: @Sendable ([UInt8]) -> Timestamp?
    private let now: @Sendable () -> MonotonicInstant
    private let state = Mutex(State())

    /// - Parameter pushedAt: when a message was pushed, as its producer says.
    init(
        queue: JobQueue,
        title: String,
        pushedAt: @escaping @Sendable ([UInt8]) -> Timestamp?,
        now: @escaping @Sendable () -> MonotonicInstant
    ) {
        self.queue = queue
        self.title = title
        self.pushedAt = pushedAt
        self.now = now
    }

    /// The page in HTML, of this second. While it is being made, others get the one before.
    func page() async -> String {
        let kept = state.withLock { state -> String? in
            let isFresh = state.madeAt.map { $0.duration(to: now()) < Self.keptFor } ?? false
            if state.isBusy || isFresh { return state.page }
            state.isBusy = true
            return nil
        }
        if let kept, !kept.isEmpty { return kept }
        let page = await read()
        state.withLock { $0 = State(page: page, madeAt: now()) }
        return page
    }

    private func read() async -> String {
        do throws(QueueError) {
            let limit = StatusPage.mostRowsInBrowser
            let overview = try await queue.overview(limit: limit, pushedAt: pushedAt)
            let stories = try await queue.keptStories(of: overview.nodes.map(\.id), limit: Self.mostContainers)
            var page = StatusPage(title: title, overview: overview)
            page.containers = ContainerLine.sorted(stories.compactMap(ContainerLine.init))
            page.mayLackContainers = stories.count >= Self.mostContainers
            return page.html
        } catch {
            return StatusPage.htmlApology(title, "Redis does not answer: \(error)")
        }
    }
}
