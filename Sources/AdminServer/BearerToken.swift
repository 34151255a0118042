import Hummingbird
import NIOCore

/// Passes requests with the token, or with the cookie from the login form. Answers all other requests with 401.
struct BearerToken: RouterMiddleware {
    typealias Context = BasicRequestContext

    private let expected: [UInt8]
    let form = LoginForm()

    init(_ token: String) { expected = Array("Bearer \(token)".utf8) }

    func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let isKnown = LoginForm.cookie(of: request).map { Self.areEqual($0.utf8, form.session.utf8) } ?? false
        guard bears(request.headers[.authorization] ?? "") || isKnown else { return form.refusal(of: request) }
        return try await next(request, context)
    }

    /// Handles a submitted login form.
    func login(_ request: Request) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: LoginForm.maximumBytes)
        let token = LoginForm.token(inForm: String(buffer: body))
        return form.answer(isRight: token.map { bears("Bearer \($0)") } ?? false)
    }

    /// Returns whether `header` holds the token.
    ///
    /// The comparison takes the same time for all texts of the same length, so the time reveals no part of the token.
    func bears(_ header: String) -> Bool {
        Self.areEqual(header.utf8, expected)
    }

    private static func areEqual(_ given: some Collection<UInt8>, _ expected: some Collection<UInt8>) -> Bool {
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
