import Foundation
import JobContract
import Redis
import Support
import Testing

extension Deployment {
    @Suite("The console in a browser", .engineWorld, .timeLimit(.minutes(5)))
    struct BrowserTests {
        private struct Site: Sendable {
            let fleet: Fleet
            let browser: Chromium
            let address: String

            /// The pages of the console, with something on each.
            let pages = [
                "/", "/games", "/games/lobby-1", "/jobs", "/jobs/s1", "/dead", "/queues", "/nodes", "/workers",
                "/groups", "/audit",
                "/words", "/games/nobody", "/search?q=lobby", "/act?do=stop&target=lobby-1",
            ]
        }

        private func withSite(_ body: @Sendable (Site) async throws -> Void) async throws {
            let port = try FreePort.find()
            let settings = ["RTM_HTTP": "127.0.0.1:\(port)", "RTM_HTTP_ACTIONS": "on"]
            let safe = ["--appendonly", "yes", "--appendfsync", "always"]
            try await Fleet.with(settings: settings, redisArguments: safe, world: try #require(EngineWorld.current)) {
                fleet in
                for number in 1...3 {
                    _ = try await fleet.finish("s\(number)", fleet.start("s\(number)", game: "lobby-\(number)"))
                }
                for number in 1...3 { try await fleet.push("{\"nonsense\":\(number)}") }
                let results = RedisArgument.string(fleet.keys.results)
                _ = try await fleet.client.send(RedisCommand("XGROUP", "CREATE", results, "master", "0"))
                try await Chromium.with { browser in
                    try await body(Site(fleet: fleet, browser: browser, address: "http://127.0.0.1:\(port)"))
                }
            }
        }

        @Test("fits a phone and a screen, breaks no word, and has a label on every control")
        func layout() async throws {
            try await withSite { site in
                for (width, isDark) in [(390, false), (1_280, true), (2_560, false)] {
                    try await site.browser.resize(width: width, isDark: isDark)
                    for page in site.pages {
                        try await site.browser.go(to: site.address + page)
                        let wide = try await site.browser.text(
                            "document.documentElement.scrollWidth + ' ' + document.documentElement.clientWidth"
                        ).split(separator: " ").compactMap { Int($0) }
                        #expect(wide.count == 2 && wide[0] <= wide[1], "\(page) at \(width): \(wide)")
                        let broken = try await site.browser.text(Self.brokenWords)
                        let unlabelled = try await site.browser.text(Self.unlabelled)
                        #expect(broken + unlabelled == "", "\(page) at \(width)")
                        let scrolled = try await site.browser.text(Self.scrolledTables)
                        #expect(scrolled == "", "\(page) at \(width): \(scrolled)")
                        #expect(try await site.browser.text(Self.smallTexts) == "", "\(page) at \(width)")
                        let pause = try await site.browser.text(
                            "getComputedStyle(document.getElementById('pause')).display"
                        )
                        #expect((pause == "none") == (page == "/words" || page.hasPrefix("/act")), "\(page): \(pause)")
                    }
                    if width == 390 { try await fitsPhone(site) }
                }
                // A person reads a wall display from two metres.
                try await site.browser.resize(width: 2_560, isDark: true)
                try await site.browser.go(to: site.address + "/nodes")
                let size = try await site.browser.text("parseFloat(getComputedStyle(document.body).fontSize)")
                #expect(Double(size) ?? 0 >= 20, "\(size)")
                let share = try await site.browser.text(
                    "document.querySelector('table').offsetWidth / document.documentElement.clientWidth"
                )
                #expect(Double(share) ?? 0 > 0.9, "\(share)")
            }
        }

        /// On a phone, the card of a node names the machine, and the table of dead letters stands under one line.
        private func fitsPhone(_ site: Site) async throws {
            func pixels(_ expression: String) async throws -> Double {
                Double(try await site.browser.text(expression)) ?? .infinity
            }
            try await site.browser.go(to: site.address + "/nodes")
            let host = try await site.browser.text("document.querySelector('td[data-label=HOST]').innerText")
            #expect(host == ProcessInfo.processInfo.hostName, "\(host)")
            #expect(try await pixels("document.querySelector('td[data-label=HOST]').offsetTop") < 300)
            try await eventually("the live page", until: { $0 == "live" }) {
                try await site.browser.text("document.getElementById('live').textContent")
            }
            #expect(try await pixels("document.getElementById('live').offsetHeight") < 30, "one line")
            try await site.browser.go(to: site.address + "/dead")
            #expect(try await pixels("document.querySelector('#content form').offsetHeight") < 60)
            #expect(try await pixels("document.querySelector('tbody tr').getBoundingClientRect().top") < 422)
        }

        /// The tables with cells that a person has to scroll to.
        private static let scrolledTables = """
            [...document.querySelectorAll('table')].filter(table => table.scrollWidth > table.clientWidth)
              .map(table => table.outerHTML.slice(0, 400)).join('|')
            """

        /// The elements with a text, or a label before it, below 12 pixels.
        private static let smallTexts = """
            [...document.querySelectorAll('main *, header *, footer *')].filter(element =>
              parseFloat(getComputedStyle(element).fontSize) < 12 || element.dataset.label &&
              parseFloat(getComputedStyle(element, '::before').fontSize) < 12
            ).map(element => element.outerHTML.slice(0, 100)).join('|')
            """

        /// The cells, other than those of last columns, whose text takes more than one line.
        private static let brokenWords = """
            [...document.querySelectorAll('td:not(:last-child), th, nav a, button, #live')].filter(cell => {
              const range = document.createRange(); range.selectNodeContents(cell);
              const rects = [...range.getClientRects()].filter(rect => rect.height > 0);
              const top = Math.min(...rects.map(r => r.top)), bottom = Math.max(...rects.map(r => r.bottom));
              return bottom - top > 1.7 * Math.min(...rects.map(r => r.height));
            }).map(cell => cell.outerHTML.slice(0, 200)).join('|')
            """

        /// The controls without a text or label for people who cannot see them.
        private static let unlabelled = """
            [...document.querySelectorAll('input:not([type=hidden]), button, a, svg')].filter(control =>
              !(control.textContent.trim() || control.getAttribute('aria-label') || control.closest('label'))
            ).map(control => control.outerHTML).join('|')
            """

        @Test("stays up to date without losing scroll, selection or chosen rows, also while Redis is away")
        func live() async throws {
            try await withSite { site in
                let browser = site.browser
                try await browser.resize(width: 390, height: 500)
                try await browser.go(to: site.address + "/dead")
                let state = "document.getElementById('live').textContent"
                try await eventually("the live page", until: { $0 == "live" }) { try await browser.text(state) }
                let rows = "document.querySelectorAll('tbody tr').length"
                try await eventually("the letters", until: { $0 == "3" }) { try await browser.text(rows) }
                // The last letter is chosen, and the page scrolled.
                let box = "document.querySelector('tbody tr:last-child input')"
                let chosen = try await browser.text("(\(box).checked = true, \(box).value)")
                _ = try await browser.text("scrollTo(0, 120)")
                let scroll = try await browser.text("scrollY")
                try await site.fleet.push("{\"nonsense\":4}")
                try await eventually("the new letter", until: { $0 == "4" }) { try await browser.text(rows) }
                let kept = "[...document.querySelectorAll('td input:checked')].map(b => b.value).join()"
                #expect(try await browser.text(kept) == chosen)
                #expect(try await browser.text("scrollY") == scroll)
                // A selected text stays, and the change waits for its end.
                _ = try await browser.text(
                    "getSelection().selectAllChildren(document.querySelector('tbody td:nth-child(3)'))"
                )
                let selected = try await browser.text("getSelection()")
                try await site.fleet.push("{\"nonsense\":5}")
                try await eventually("the page to wait", until: { $0.contains("wait while") }) {
                    try await browser.text(state)
                }
                #expect(try await browser.text("getSelection()") == selected && !selected.isEmpty)
                _ = try await browser.text("getSelection().removeAllRanges()")
                try await eventually("the fifth letter", until: { $0 == "5" }) { try await browser.text(rows) }
                try await survivesRedis(site, state, rows)
                // The overview has its own reader, and its content changes during an outage.
                try await browser.go(to: site.address + "/")
                try await eventually("the live overview", until: { $0 == "live" }) { try await browser.text(state) }
                try await survivesRedis(site, state, "5")
            }
        }

        /// Stops Redis under an open page, and starts it again.
        private func survivesRedis(_ site: Site, _ state: String, _ rows: String) async throws {
            await site.fleet.redis.kill9()
            try await eventually("the page to say it", until: { $0.hasPrefix("Redis away; last picture of ") }) {
                try await site.browser.text(state)
            }
            #expect(try await site.browser.text(rows) == "5")
            #expect(try await site.browser.text("document.getElementById('live').className") == "bad")
            try await site.fleet.redis.restart()
            try await eventually("the page to be live again", until: { $0 == "live" }) {
                try await site.browser.text(state)
            }
        }

        @Test("stops a game by two presses, and says who did it")
        func acting() async throws {
            try await withSite { site in
                let browser = site.browser
                try await browser.go(to: site.address + "/games/lobby-1")
                func press(_ label: String) async throws {
                    let find =
                        "[...document.querySelectorAll('main a, main button')].find(b => b.textContent === '\(label)')"
                    _ = try await browser.text("\(find).click()")
                }
                try await press("Stop")
                try await eventually("the question", until: { $0 == "Stop game lobby-1?" }) {
                    try await browser.text("document.querySelector('h1')?.textContent")
                }
                try await press("Stop")
                try await eventually("the outcome", until: { $0 == "Done" }) {
                    try await browser.text("document.querySelector('h1')?.textContent")
                }
                let events = try await site.fleet.events(ofGame: "lobby-1", until: ["started", "exited"])
                #expect(events.last?["reason"] == "stopped")
                try await browser.go(to: site.address + "/audit")
                let page = try await browser.text("document.querySelector('main').textContent")
                #expect(page.contains("stop") && page.contains("lobby-1") && page.contains("127.0.0.1"))
                try await browser.press("/")
                #expect(try await browser.text("document.activeElement.type") == "search")
            }
        }
    }
}
