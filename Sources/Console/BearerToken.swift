import Hummingbird

/// Lets requests pass that bear the token, and answers 401 to the others.
struct BearerToken: RouterMiddleware {
    typealias Context = BasicRequestContext

    private let expected: [UInt8]

    init(_ token: String) { expected = Array("Bearer \(token)".utf8) }

    func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        guard bears(request.headers[.authorization] ?? "") else {
            return Response(status: .unauthorized, headers: [.wwwAuthenticate: "Bearer"])
        }
        return try await next(request, context)
    }

    /// Takes as long for every text of the same length, so that nobody learns a part of the token by the time.
    func bears(_ header: String) -> Bool {
        let given = Array(header.utf8)
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
