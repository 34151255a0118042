import Terminal

/// The frame of all pages: the head, the menu with the search, and the heading.
struct ConsoleFrame: Sendable, Equatable {
    var route: ConsoleRoute
    var worker: String
    /// The heading; nil: the title of the route.
    var heading: String?
    /// The name of the person; empty: unknown.
    var person = ""

    /// The policy for browsers: they run and fetch nothing but the console's own files, even if a name in the page holds
    /// markup. Forms go to this server only.
    static let policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    /// Returns the page around a body of HTML.
    ///
    /// - Parameters:
    ///   - isLive: whether the script keeps the body up to date.
    ///   - isRead: whether the body is what was just read.
    func html(around body: String, isLive: Bool = true, isRead: Bool = true) -> String {
        var search = ""
        if case .games(let text, _) = route { search = text }
        return Templates.render(
            .frame,
            [
                "title": .text(title),
                "heading": .text(headingHTML), "words": .text(ConsoleRoute.words.address),
                "worker": .text(worker), "hasName": .flag(!person.isEmpty), "name": .text(person),
                "search": .text(search), "body": .text(body), "refreshes": .flag(isLive && refreshes),
                "style": .text(ConsoleAsset.style.address), "script": .text(ConsoleAsset.script.address),
                "isLive": .flag(isLive), "isRead": .flag(isRead),
                "live": .text(HTMLText.escape(route.liveAddress, longest: 2_000)),
                "menu": .list(
                    ConsoleRoute.menu.map { entry in
                        .fields([
                            "address": .text(entry.address), "name": .text(entry.menuTitle),
                            "isCurrent": .flag(route.isUnder(entry)),
                        ])
                    }
                ),
            ]
        )
    }

    private var headingHTML: String {
        // The other headings are plain words, or hold names.
        if case .dead = route, heading == nil { return HTMLText.explained("h1", route.title) }
        return HTMLText.element("h1", heading ?? (route == .overview ? "rtmanager" : route.title), longest: 2_000)
    }

    private var title: String { route == .overview ? "rtmanager" : "\(heading ?? route.title) - rtmanager" }

    /// Pages about the whole fleet load themselves again. A page that somebody reads must not jump.
    private var refreshes: Bool {
        switch route {
        case .overview, .jobs: true
        default: false
        }
    }
}
