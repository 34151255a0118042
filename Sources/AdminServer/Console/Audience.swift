/// What the HTML of a page depends on besides the content of the page.
struct Audience: Sendable, Equatable {
    var access = Access.read
    /// The host and port by which the browser has called the page; empty: unknown.
    var authority = ""
    /// The machine of the worker that shows the page.
    var host = ""
}
