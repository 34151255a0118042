import JobContract
import QueueAdmin
import Terminal

/// The state of `rtmanager top`: keys, data and sizes go in; a screen and actions come out.
package struct TopState: Sendable, Equatable {
    /// What the keys are for at the moment.
    enum Mode: Sendable, Equatable {
        case list
        /// A person types the filter.
        case filter
        /// A person reads the page of a thing, from this line on.
        case detail(TopDetail, from: Int)
        /// A person must agree to an action.
        case question(TopAction)
    }

    /// The size of the terminal, in characters.
    package var width: Int
    package var height: Int
    var data: TopData?
    /// Why there is no new data; nil: the data is fresh.
    var problem: String?
    /// The outcome of the last action.
    var message: String?
    var mode = Mode.list
    var tab = TopTab.jobs
    var filter = ""
    /// The chosen row of the present list.
    var selected: TopItem?
    /// The place of the chosen row. If the row goes, its successor is chosen.
    var place = 0

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Takes new data in. The chosen row stays the same thing.
    package mutating func update(_ data: TopData) {
        self.data = data
        problem = nil
        settle()
    }

    /// Says why nothing could be read. The last data stays.
    package mutating func fail(_ reason: String) { problem = reason }

    /// Says what an action has done.
    package mutating func report(_ text: String) { message = text }

    /// Shows the page of a thing.
    package mutating func show(_ detail: TopDetail) { mode = .detail(detail, from: 0) }

    /// Takes a key. Returns what there is to do outside; nil: nothing.
    package mutating func press(_ key: KeyPress) -> TopAction? {
        if key == .interrupt { return .quit }
        message = nil
        switch mode {
        case .list: return pressInList(key)
        case .filter: pressInFilter(key)
        case .detail(let detail, let line): pressInDetail(key, detail, line)
        case .question(let action):
            mode = .list
            if key == .character("y") || key == .character("Y") { return action }
            message = "nothing was done"
        }
        return nil
    }

    private mutating func pressInList(_ key: KeyPress) -> TopAction? {
        switch key {
        case .character("q"): return .quit
        case .character("/"): mode = .filter
        case .escape: setFilter("")
        case .tab, .right: turn(by: 1)
        case .left: turn(by: -1)
        case .character(let digit) where ("1"..."4").contains(digit):
            turn(to: TopTab.allCases[(digit.wholeNumberValue ?? 1) - 1])
        case .up, .character("k"): move(to: place - 1)
        case .down, .character("j"): move(to: place + 1)
        case .pageUp: move(to: place - pageSize)
        case .pageDown: move(to: place + pageSize)
        case .home: move(to: 0)
        case .end: move(to: rows.count - 1)
        case .enter: return enter()
        case .character("r"): ask(for: retry)
        case .character("d"): ask(for: drop)
        case .character("p"): ask(for: pause)
        default: break
        }
        return nil
    }

    private mutating func pressInFilter(_ key: KeyPress) {
        switch key {
        case .enter: mode = .list
        case .escape:
            mode = .list
            setFilter("")
        case .backspace: setFilter(String(filter.dropLast()))
        case .character(let character) where filter.count < 60: setFilter(filter + String(character))
        default: break
        }
    }

    private mutating func pressInDetail(_ key: KeyPress, _ detail: TopDetail, _ line: Int) {
        let last = max(0, detail.lines(on: Surface(width: width)).count - (height - 1))
        func scroll(to line: Int) -> Mode { .detail(detail, from: min(max(0, line), last)) }
        switch key {
        case .character("q"), .escape, .backspace, .left: mode = .list
        case .up, .character("k"): mode = scroll(to: line - 1)
        case .down, .character("j"), .enter: mode = scroll(to: line + 1)
        case .pageUp: mode = scroll(to: line - height + 2)
        case .pageDown, .character(" "): mode = scroll(to: line + height - 2)
        case .home: mode = scroll(to: 0)
        case .end: mode = scroll(to: last)
        default: break
        }
    }

    /// The rows of the present list that match the filter.
    var rows: [TopData.Row] { data?.list(tab).rows.filter { $0.matches(filter) } ?? [] }

    /// Enter on a row: a job or a game has a page; a queue or a node leads to its jobs or games.
    private mutating func enter() -> TopAction? {
        guard let item = selected else { return nil }
        switch item {
        case .job, .dead, .game: return .show(item)
        case .queue(let name, _):
            turn(to: .jobs)
            setFilter(name)
        case .node(let id, _):
            turn(to: .games)
            setFilter(id.text)
        }
        return nil
    }

    private var retry: TopAction? {
        if case .dead(let entry, let id)? = selected { .retry(entry: entry, id) } else { nil }
    }

    private var drop: TopAction? {
        if case .dead(let entry, let id)? = selected { .drop(entry: entry, id) } else { nil }
    }

    private var pause: TopAction? {
        switch selected {
        case .queue(let name, let isPaused)?: .change(isPaused ? .resume(queue: name) : .pause(queue: name))
        case .node(let id, let isDraining)?: .change(isDraining ? .resumeNode(id) : .drain(node: id))
        default: nil
        }
    }

    private mutating func ask(for action: TopAction?) {
        if let action {
            mode = .question(action)
        } else {
            message = "r and d act on dead jobs, p on queues and nodes"
        }
    }

    private mutating func turn(by step: Int) {
        let all = TopTab.allCases
        let index = all.firstIndex(of: tab) ?? 0
        turn(to: all[(index + step + all.count) % all.count])
    }

    private mutating func turn(to tab: TopTab) {
        self.tab = tab
        filter = ""
        selected = nil
        move(to: 0)
    }

    private mutating func setFilter(_ text: String) {
        filter = text
        settle()
    }

    private mutating func move(to place: Int) {
        let rows = rows
        self.place = min(max(0, place), max(0, rows.count - 1))
        selected = rows.isEmpty ? nil : rows[self.place].item
    }

    /// Finds the chosen thing again in changed rows.
    private mutating func settle() {
        if let item = selected, let found = rows.firstIndex(where: { $0.item.isSame(as: item) }) { place = found }
        move(to: place)
    }
}
