import Hummingbird
import NIOCore

/// Lets requests pass that bear the token, or the cookie of who has given it in the form, and answers 401 to the others.
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

    /// Takes what the form has sent.
    func login(_ request: Request) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: LoginForm.maximumBytes)
        let token = LoginForm.token(inForm: String(buffer: body))
        return form.answer(isRight: token.map { bears("Bearer \($0)") } ?? false)
    }

    /// Takes as long for every text of the same length, so that nobody learns a part of the token by the time.
    func bears(_ header: String) -> Bool {
        Self.areEqual(header.utf8, expected)
    }

    private static func areEqual(_ given: some Collection<UInt8>, _ expected: some Collection<UInt8>) -> Bool {
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
