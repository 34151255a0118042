import Terminal

/// The frame of all pages: the head, the menu with the search, and the heading.
struct ConsoleFrame: Sendable, Equatable {
    var route: ConsoleRoute
    var worker: String

    /// The policy for browsers: they must neither run nor fetch anything for a page, even if a name in the page holds
    /// markup. Forms go to this server only.
    static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    /// Returns the page around a body, which is HTML.
    func html(around body: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>\(HTMLText.escape(title))</title>
        <meta name="viewport" content="width=device-width">\(refresh)
        <style>
        \(Self.style)
        </style></head><body>
        <header><nav aria-label="Pages">\(menu)</nav>
        <form method="get" action="/search" role="search"><input type="search" name="q" maxlength="200"
         aria-label="Game or job" placeholder="game or job"> <button>Search</button></form></header>
        <main>
        \(HTMLText.element("h1", route == .overview ? "rtmanager" : route.title, longest: 400))
        \(HTMLText.element("p", "worker \(worker)", .dim))
        \(body)
        </main></body></html>

        """
    }

    private var title: String { route == .overview ? "rtmanager" : "\(route.title) - rtmanager" }

    /// Pages about the whole fleet load themselves again. A page that somebody reads must not jump.
    private var refresh: String {
        switch route {
        case .overview, .jobs: "<meta http-equiv=\"refresh\" content=\"5\">"
        default: ""
        }
    }

    private var menu: String {
        ConsoleRoute.menu.map { entry in
            let mark = route.isUnder(entry) ? " aria-current=\"page\"" : ""
            return "<a href=\"\(entry.address)\"\(mark)>\(HTMLText.escape(entry.title))</a>"
        }.joined(separator: "\n")
    }

    /// Words are never broken, except in the last column of a table and in values. A table that is too wide scrolls by
    /// itself.
    private static let style = """
        :root { color-scheme: light dark; --good: #17713a; --notable: #8a5a00; --bad: #b3261e; --dim: #666;
          --line: #ddd; --link: #0b57a8; --code: #f1f1f1 }
        @media (prefers-color-scheme: dark) {
          :root { --good: #6fd08c; --notable: #e5b454; --bad: #ff8a80; --dim: #999; --line: #333; --link: #8ab8ff;
            --code: #222 }
        }
        body { font: 14px/1.4 system-ui, sans-serif; margin: 0 1.5rem 1.5rem }
        header { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; padding: .7rem 0; margin-bottom: 1rem;
          border-bottom: 1px solid var(--line); align-items: center }
        nav { display: flex; flex-wrap: wrap; gap: .3rem 1rem } nav a[aria-current] { font-weight: bold }
        a { color: var(--link); text-decoration: none } a:hover, a:focus { text-decoration: underline }
        input { width: 14rem; max-width: 60vw; font: inherit } button { font: inherit }
        h1 { font-size: 1.2rem; overflow-wrap: anywhere } h2 { font-size: 1rem; margin: 1.5rem 0 .3rem }
        p { margin: .2rem 0; overflow-wrap: anywhere }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto }
        th, td { text-align: left; padding: .15rem 1rem .15rem 0; border-bottom: 1px solid var(--line);
          white-space: nowrap; vertical-align: top }
        td:last-child { white-space: normal; overflow-wrap: anywhere; min-width: 12rem }
        th { color: var(--dim); font-weight: normal; font-size: .8rem } .number { text-align: right }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .3rem 0 }
        dt { color: var(--dim) } dd { margin: 0; overflow-wrap: anywhere }
        code { background: var(--code); padding: .1rem .3rem; overflow-wrap: anywhere } .commands { line-height: 1.9 }
        .good { color: var(--good) } .notable { color: var(--notable) } .bad { color: var(--bad) }
        .dim { color: var(--dim) }
        """
}
