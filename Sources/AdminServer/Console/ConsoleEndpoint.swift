import HTTPTypes
import Hummingbird
import Terminal

/// The addresses of the console on the server.
struct ConsoleEndpoint: Sendable {
    /// Headers of every page.
    static let htmlHeaders: HTTPFields = {
        var headers: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: ConsoleFrame.policy,
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "same-origin" }
        return headers
    }()

    private let answer: @Sendable (ConsoleRequest) async -> ConsoleAnswer
    private let streams = LiveStreams()

    init(_ answer: @escaping @Sendable (ConsoleRequest) async -> ConsoleAnswer) { self.answer = answer }

    func add(to router: Router<ServerContext>) {
        router.get("search") { request, context in
            let text = request.uri.queryParameters["q"].map { String($0) } ?? ""
            return Self.response(await answer(.search(ConsoleRoute.cut(text), context.viewer)))
        }
        router.get("live") { request, context in try live(request, context) }
        router.get("act") { request, context in
            let action = ConsoleAction(FormFields(request.uri.query ?? ""))
            return try await acting(action, context) { .confirm($0, context.viewer) }
        }
        router.post("act") { request, context in try await act(request, context) }
        for path in [DataRequest.prefix, DataRequest.prefix + "/**"] {
            router.get(RouterPath(path)) { request, _ in await data(request) }
        }
        for path in ["", ":page", ":page/:name"] {
            router.get(RouterPath(path)) { request, context in
                guard let route = Self.route(request.uri.path, request.uri.query ?? "") else {
                    throw HTTPError(.notFound)
                }
                return Self.response(await answer(.page(route, context.viewer)))
            }
        }
    }

    /// Returns the route of a path and a query as they stand in an address; nil if no page has them.
    static func route(_ path: String, _ query: String) -> ConsoleRoute? {
        let parts = path.split(separator: "/").map { PercentText.decoded($0) }
        let path = parts.compactMap { $0 }
        let fields = FormFields(query)
        guard path.count == parts.count else { return nil }
        return ConsoleRoute(path: path) { fields[$0] }
    }

    private func live(_ request: Request, _ context: ServerContext) throws -> Response {
        let page = FormFields(request.uri.query ?? "")["page"] ?? "/"
        let parts = page.split(separator: "?", maxSplits: 1).map { String($0) }
        guard let route = Self.route(parts.first ?? "/", parts.count > 1 ? parts[1] : "") else {
            throw HTTPError(.notFound)
        }
        let (answer, viewer) = (answer, context.viewer)
        return streams.response { await answer(.content(route, viewer)) }
    }

    private func data(_ request: Request) async -> Response {
        do throws(DataProblem) {
            let request = try DataRequest(path: request.uri.path, query: request.uri.query ?? "")
            return Self.response(await answer(.data(request)))
        } catch {
            return Self.response(.noData(error))
        }
    }

    /// Does an action for an authorized person, if the form comes from a page of this server.
    private func act(_ request: Request, _ context: ServerContext) async throws -> Response {
        var request = request
        let isOwn = SameOrigin.allows(
            fetchSite: HTTPField.Name("Sec-Fetch-Site").flatMap { request.headers[$0] },
            origin: request.headers[.origin],
            authority: request.head.authority
        )
        guard isOwn else { return Self.refusal(.forbidden, "this form comes from another site") }
        let fields = FormFields(String(buffer: try await request.collectBody(upTo: FormFields.maximumBytes)))
        let secret = fields["secret"] ?? ""
        guard AccessRules.areEqual(secret.utf8, context.viewer.formSecret.utf8) else {
            return Self.refusal(.forbidden, "this form is too old, or of another worker: load its page again")
        }
        let person = Person(name: context.viewer.name, address: context.address)
        return try await acting(ConsoleAction(fields), context) { .act($0, context.viewer, person) }
    }

    private func acting(
        _ action: ConsoleAction?,
        _ context: ServerContext,
        _ request: (ConsoleAction) -> ConsoleRequest
    ) async throws -> Response {
        guard context.viewer.access == .act else {
            return Self.refusal(
                .forbidden,
                "the console acts only with RTM_HTTP_ACTIONS=on, and not with the read token"
            )
        }
        guard let action else { return Self.refusal(.badRequest, "nothing is selected, or the action is not known") }
        return Self.response(await answer(request(action)))
    }

    private static func refusal(_ status: HTTPResponse.Status, _ reason: String) -> Response {
        let note = HTMLText.element("p", reason, .bad)
        let frame = ConsoleFrame(route: .overview, worker: "-", heading: "Not done")
        return response(status, frame.html(around: note, isLive: false))
    }

    static func response(_ answer: ConsoleAnswer) -> Response {
        switch answer {
        case .page(let html): response(.ok, html)
        case .missing(let html): response(.notFound, html)
        case .unavailable(let html): response(.serviceUnavailable, html)
        case .stale(let html, let staleness): response(.serviceUnavailable, html ?? staleness.reason)
        case .redirect(let route):
            Response(status: .seeOther, headers: [.location: route.address, .cacheControl: "no-store"])
        case .json(let text): json(.ok, text)
        case .noData(let problem):
            switch problem.kind {
            case .wrongRequest: json(.badRequest, problem.json)
            case .missing: json(.notFound, problem.json)
            case .unavailable: json(.serviceUnavailable, problem.json)
            }
        }
    }

    private static func json(_ status: HTTPResponse.Status, _ text: String) -> Response {
        let headers: HTTPFields = [
            .contentType: "application/json; charset=utf-8", .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
        ]
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private static func response(_ status: HTTPResponse.Status, _ html: String) -> Response {
        Response(status: status, headers: htmlHeaders, body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }
}
