import Synchronization
import Terminal

/// A request for the operators' console.
package enum ConsoleRequest: Sendable, Equatable {
    case page(ConsoleRoute)
    /// The id of a game or a job, or a part of a game's id.
    case search(String)
}

/// The answer to a request for the console.
package enum ConsoleAnswer: Sendable, Equatable {
    /// HTML without references to other files.
    case page(String)
    /// A page that says that nothing is known.
    case missing(String)
    /// A page that says that Redis was not read.
    case unavailable(String)
    case redirect(ConsoleRoute)
}

/// The operators' console of a worker.
///
/// The overview is kept for all viewers. Of the other pages, only a few are read at a time, so that viewers keep neither
/// Redis nor the worker busy.
package final class Console: Sendable {
    /// The largest number of simultaneous reads of Redis, besides the one of the overview.
    private static let mostReads = 4

    private let worker: String
    private let dashboard: Dashboard
    private let read: @Sendable (ConsoleRoute) async throws -> ConsoleContent
    private let find: @Sendable (String) async throws -> ConsoleRoute
    private let reads = Mutex(0)

    /// Creates a console.
    ///
    /// - Parameters:
    ///   - read: reads a page from Redis. The call must end in bounded time.
    ///   - find: returns the page that a searched text means. The call must end in bounded time.
    package init(
        worker: String,
        dashboard: Dashboard,
        read: @escaping @Sendable (ConsoleRoute) async throws -> ConsoleContent,
        find: @escaping @Sendable (String) async throws -> ConsoleRoute
    ) {
        self.worker = worker
        self.dashboard = dashboard
        self.read = read
        self.find = find
    }

    /// Returns the answer to a request. `readiness` is the worker's own, for the overview.
    package func answer(_ request: ConsoleRequest, _ readiness: Readiness) async -> ConsoleAnswer {
        switch request {
        case .page(.overview): .page(await dashboard.page(readiness))
        case .page(let route): await page(route)
        case .search(let text): await search(text)
        }
    }

    private func page(_ route: ConsoleRoute) async -> ConsoleAnswer {
        await reading(route) {
            let content = try await read(route)
            let html = ConsoleFrame(route: route, worker: worker).html(around: content.html)
            return content.isMissing ? .missing(html) : .page(html)
        }
    }

    private func search(_ text: String) async -> ConsoleAnswer {
        let list = ConsoleRoute.games(search: text, page: 1)
        guard !text.isEmpty else { return .redirect(list) }
        return await reading(list) { .redirect(try await find(text)) }
    }

    /// Runs a read, or says why there is none.
    private func reading(_ route: ConsoleRoute, _ body: () async throws -> ConsoleAnswer) async -> ConsoleAnswer {
        func refusal(_ reason: String) -> ConsoleAnswer {
            let note = HTMLText.element("p", "Redis was not read: \(reason)", .bad)
            return .unavailable(ConsoleFrame(route: route, worker: worker).html(around: note))
        }
        let isFree = reads.withLock { reads in
            guard reads < Self.mostReads else { return false }
            reads += 1
            return true
        }
        guard isFree else { return refusal("others read at the moment; load the page again") }
        defer { reads.withLock { $0 -= 1 } }
        do {
            return try await body()
        } catch {
            return refusal("\(error)")
        }
    }
}
