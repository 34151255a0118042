import JobContract
import QueueAdmin
import Synchronization
import Terminal

/// A request for the operators' console.
package enum ConsoleRequest: Sendable, Equatable {
    case page(ConsoleRoute, Viewer)
    /// The content of a page, without its frame.
    case content(ConsoleRoute, Viewer)
    /// The id of a game or a job, or a part of a game's id.
    case search(String, Viewer)
    /// The question before an action.
    case confirm(ConsoleAction, Viewer)
    case act(ConsoleAction, Viewer, Person)
    /// The data of a page for programs.
    case data(DataRequest)
}

/// The person in front of a page.
package struct Viewer: Sendable, Equatable {
    package var access = Access.read
    /// Empty: unknown.
    package var name = ""
    /// The secret of the person's forms.
    package var formSecret = ""
    /// The host and port by which the browser has called the page; empty: unknown.
    package var authority = ""

    package init(access: Access = .read, name: String = "", formSecret: String = "") {
        self.access = access
        self.name = name
        self.formSecret = formSecret
    }
}

/// The answer to a request for the console.
package enum ConsoleAnswer: Sendable, Equatable {
    /// HTML: a page, or the content of a page.
    case page(String)
    /// A page that says that nothing is known.
    case missing(String)
    /// A page, or a sentence if a content was asked for: Redis was not read.
    case unavailable(String)
    case redirect(ConsoleRoute)
    case json(String)
    /// A program gets no data.
    case noData(DataProblem)
    /// The content of a live page that is not up to date; nil: the page keeps its last content.
    case stale(String?, Staleness)
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
    private let reader: any ConsoleReading
    private let perform: @Sendable (ConsoleAction, Person) async -> ActionOutcome
    private let reads = Mutex(0)
    private let recent = Mutex(RecentContents())

    /// Creates a console.
    ///
    /// - Parameter perform: does an action. The call must end in bounded time.
    package init(
        worker: String,
        dashboard: Dashboard,
        reader: any ConsoleReading,
        perform: @escaping @Sendable (ConsoleAction, Person) async -> ActionOutcome
    ) {
        self.worker = worker
        self.dashboard = dashboard
        self.reader = reader
        self.perform = perform
    }

    /// Returns the answer to a request. `readiness` is the worker's own, for the overview.
    package func answer(_ request: ConsoleRequest, _ readiness: Readiness) async -> ConsoleAnswer {
        switch request {
        case .page(let route, let viewer):
            await reading(route, viewer) {
                let content = try await shownContent(of: route, readiness)
                let html = frame(route, viewer)
                    .html(
                        around: content.html(for: audience(viewer)),
                        isLive: route != .words,
                        isRead: content.staleness == nil
                    )
                return content.isMissing ? .missing(html) : .page(html)
            }
        case .content(let route, let viewer): await part(route, viewer, readiness)
        case .search(let text, let viewer): await search(text, viewer)
        case .confirm(let action, let viewer): confirmation(action, viewer)
        case .act(let action, let viewer, let person): await act(action, viewer, person)
        case .data(let request): await data(request)
        }
    }

    private func audience(_ viewer: Viewer) -> Audience {
        Audience(access: viewer.access, authority: viewer.authority, host: WorkerOverview.host(of: worker))
    }

    private func frame(_ route: ConsoleRoute, _ viewer: Viewer, heading: String? = nil) -> ConsoleFrame {
        ConsoleFrame(route: route, worker: worker, heading: heading, person: viewer.name)
    }

    /// Reads the content of a page, and keeps it for other viewers.
    private func content(of route: ConsoleRoute, _ readiness: Readiness) async throws -> ConsoleContent {
        if route == .overview { return await dashboard.content(readiness) }
        let begin = ContinuousClock.now
        let content = try await reader.content(of: route)
        recent.withLock { $0.keep(content, of: route, took: begin.duration(to: .now), now: .now) }
        return content
    }

    /// Returns the content for a page that a person opens. A list of all games is slow to read, so one that was just
    /// read is good enough.
    private func shownContent(of route: ConsoleRoute, _ readiness: Readiness) async throws -> ConsoleContent {
        if case .games = route, let content = recent.withLock({ $0.content(of: route, now: .now) }) { return content }
        return try await content(of: route, readiness)
    }

    /// Returns the content of a live page. Its viewers share one read.
    private func part(_ route: ConsoleRoute, _ viewer: Viewer, _ readiness: Readiness) async -> ConsoleAnswer {
        if let content = recent.withLock({ $0.content(of: route, now: .now) }) {
            return .page(content.html(for: audience(viewer)))
        }
        do {
            let content: ConsoleContent = try await limited { try await self.content(of: route, readiness) }
            let html = content.html(for: audience(viewer))
            return content.staleness.map { .stale(html, $0) } ?? .page(html)
        } catch let busy as Busy {
            return .stale(nil, Staleness(.busy, "\(busy)"))
        } catch let reason as Dashboard.NotRead where reason == .yet {
            return .stale(nil, Staleness(.busy, "Redis is being read for the first time"))
        } catch {
            return .stale(nil, Staleness(.redisAway, "Redis was not read: \(error)"))
        }
    }

    private func search(_ text: String, _ viewer: Viewer) async -> ConsoleAnswer {
        let list = ConsoleRoute.games(search: text, page: 1)
        guard !text.isEmpty else { return .redirect(list) }
        return await reading(list, viewer) { .redirect(try await reader.route(for: text)) }
    }

    private func confirmation(_ action: ConsoleAction, _ viewer: Viewer) -> ConsoleAnswer {
        let body = Templates.render(
            .confirmation,
            [
                "consequence": .text(action.consequence), "targets": .texts(action.targets),
                "secret": .text(viewer.formSecret),
                "fields": .list(action.fields.map { .fields(["name": .text($0.name), "value": .text($0.value)]) }),
                "tone": .text(action.tone), "label": .text(action.label),
                "back": .text(HTMLText.escape(action.page.address)),
            ]
        )
        return .page(frame(action.page, viewer, heading: action.question).html(around: body, isLive: false))
    }

    private func act(_ action: ConsoleAction, _ viewer: Viewer, _ person: Person) async -> ConsoleAnswer {
        let outcome = await perform(action, person)
        // The person must see what has changed.
        recent.withLock { $0 = RecentContents() }
        let job = outcome.job.map { job in
            TemplateValue.fields(["address": .text(ConsoleRoute.job(job).address), "id": .text(job.text)])
        }
        let body = Templates.render(
            .outcome,
            [
                "lines": .texts(outcome.lines), "tone": .text(outcome.hasFailed ? "bad" : "good"),
                "job": job ?? .list([]), "back": .text(HTMLText.escape(action.page.address)),
                "page": .text(action.page.title),
            ]
        )
        let heading = outcome.hasFailed ? "Not done" : "Done"
        return .page(frame(action.page, viewer, heading: heading).html(around: body, isLive: false))
    }

    private func data(_ request: DataRequest) async -> ConsoleAnswer {
        do {
            return .json(try await limited { try await reader.json(of: request.route, limit: request.limit) })
        } catch let problem as DataProblem {
            return .noData(problem)
        } catch {
            return .noData(DataProblem(.unavailable, "Redis was not read: \(error)"))
        }
    }

    /// Runs a read, or says on a page why there is none.
    private func reading(
        _ route: ConsoleRoute,
        _ viewer: Viewer,
        _ body: () async throws -> ConsoleAnswer
    ) async -> ConsoleAnswer {
        do {
            return try await limited(body)
        } catch {
            let note = HTMLText.element("p", "Redis was not read: \(error)", .bad)
            return .unavailable(frame(route, viewer).html(around: note, isRead: false))
        }
    }

    private struct Busy: Error, CustomStringConvertible {
        let description = "others read at the moment; load the page again"
    }

    private func limited<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isFree = reads.withLock { reads in
            guard reads < Self.mostReads else { return false }
            reads += 1
            return true
        }
        guard isFree else { throw Busy() }
        defer { reads.withLock { $0 -= 1 } }
        return try await body()
    }
}

/// The latest contents of pages, for all their viewers.
struct RecentContents {
    /// The shortest time of freshness.
    static let freshness = Duration.seconds(3)
    /// The time of freshness as a multiple of the time of the read. A page that is slow to read is then read for a small
    /// part of the time only.
    static let restFactor = 10
    /// The largest number of kept contents.
    static let limit = 32

    private var contents: [(route: ConsoleRoute, content: ConsoleContent, until: ContinuousClock.Instant)] = []

    func content(of route: ConsoleRoute, now: ContinuousClock.Instant) -> ConsoleContent? {
        contents.first { $0.route == route && $0.until > now }?.content
    }

    mutating func keep(
        _ content: ConsoleContent,
        of route: ConsoleRoute,
        took: Duration,
        now: ContinuousClock.Instant
    ) {
        contents.removeAll { $0.route == route || $0.until <= now }
        if contents.count >= Self.limit { contents.removeFirst() }
        contents.append((route, content, now.advanced(by: max(Self.freshness, took * Self.restFactor))))
    }
}
