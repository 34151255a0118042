import Hummingbird

/// The addresses of the console on the server.
struct ConsoleEndpoint: Sendable {
    private let answer: @Sendable (ConsoleRequest) async -> ConsoleAnswer

    init(_ answer: @escaping @Sendable (ConsoleRequest) async -> ConsoleAnswer) { self.answer = answer }

    func add(to router: Router<BasicRequestContext>) {
        router.get("search") { request, _ in
            let text = request.uri.queryParameters["q"].map { String($0) } ?? ""
            return Self.response(await answer(.search(ConsoleRoute.cut(text))))
        }
        for path in ["", ":page", ":page/:name"] {
            router.get(RouterPath(path)) { request, _ in try await page(request) }
        }
    }

    private func page(_ request: Request) async throws -> Response {
        let parts = request.uri.path.split(separator: "/").map { PercentText.decoded($0) }
        let query = request.uri.queryParameters
        let path = parts.compactMap { $0 }
        guard path.count == parts.count,
            let route = ConsoleRoute(path: path, query: { name in query[Substring(name)].map { String($0) } })
        else { throw HTTPError(.notFound) }
        return Self.response(await answer(.page(route)))
    }

    static func response(_ answer: ConsoleAnswer) -> Response {
        switch answer {
        case .page(let html): response(.ok, html)
        case .missing(let html): response(.notFound, html)
        case .unavailable(let html): response(.serviceUnavailable, html)
        case .redirect(let route):
            Response(status: .seeOther, headers: [.location: route.address, .cacheControl: "no-store"])
        }
    }

    private static func response(_ status: HTTPResponse.Status, _ html: String) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
                .contentSecurityPolicy: ConsoleFrame.policy,
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html))
        )
    }
}
