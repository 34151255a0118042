import Pages
import Terminal

/// A figure to see at a glance.
package struct Tile: Sendable, Equatable {
    package var name: String
    package var value: String
    package var style: TextStyle
    /// The page with the details; nil: none.
    package var route: ConsoleRoute?

    package init(_ name: String, _ value: String, _ style: TextStyle = .plain, _ route: ConsoleRoute? = nil) {
        self.name = name
        self.value = value
        self.style = style
        self.route = route
    }

    static func html(_ tiles: [Tile]) -> String {
        let items = tiles.map { tile in
            let inner = HTMLText.element("strong", tile.value) + HTMLText.element("span", tile.name)
            let linked = tile.route.map { "<a href=\"\(HTMLText.escape($0.address))\">\(inner)</a>" } ?? inner
            let title = HTMLText.title(of: Glossary.word(ofLabel: tile.name))
            return "<li\(HTMLText.cssClass(tile.style).map { " class=\"\($0)\"" } ?? "")\(title)>\(linked)</li>"
        }
        return "<ul class=\"tiles\">\n" + items.joined(separator: "\n") + "\n</ul>"
    }
}
