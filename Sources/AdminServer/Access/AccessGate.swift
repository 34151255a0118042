import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Lets requests pass that bear a token, by `Authorization: Bearer`, `Authorization: Basic` or the cookie from the login
/// form. Answers all other requests with 401.
final class AccessGate: RouterMiddleware {
    typealias Context = ServerContext

    /// The longest kept name of a person, in UTF-8 bytes.
    private static let longestName = 64

    private let rules: AccessRules
    private let sessions = Mutex(SessionTable())
    /// The secret of the forms of callers without a session.
    private let formSecret = RandomSecret.make()

    init(_ rules: AccessRules) { self.rules = rules }

    func handle(
        _ request: Request,
        context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard var viewer = viewer(of: request) else { return LoginForm.refusal(of: request) }
        if let header = rules.userHeader.flatMap({ HTTPField.Name($0) }), let name = request.headers[header] {
            viewer.name = Self.cut(name)
        }
        viewer.authority = ConsoleRoute.cut(request.head.authority ?? "")
        var context = context
        context.viewer = viewer
        return try await next(request, context)
    }

    private func viewer(of request: Request) -> Viewer? {
        if let credentials = request.headers[.authorization].flatMap({ Credentials(header: $0) }),
            let access = rules.access(with: credentials.token)
        {
            return Viewer(access: access, name: Self.cut(credentials.name), formSecret: formSecret)
        }
        if let cookie = LoginForm.cookie(of: request),
            let session = sessions.withLock({ $0.session(cookie, now: .now) })
        {
            return Viewer(access: session.access, name: session.name, formSecret: session.formSecret)
        }
        return rules.withoutToken.map { Viewer(access: $0, formSecret: formSecret) }
    }

    /// Handles a submitted login form.
    func login(_ request: Request) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: FormFields.maximumBytes)
        let fields = FormFields(String(buffer: body))
        let page = LoginForm.page(fields["next"])
        guard let access = fields["token"].flatMap({ rules.access(with: $0) }) else {
            return LoginForm.form(next: page, isRefused: true)
        }
        let cookie = RandomSecret.make()
        let session = SessionTable.Session(
            access: access,
            name: Self.cut(fields["name"] ?? ""),
            formSecret: RandomSecret.make(),
            since: .now
        )
        sessions.withLock { $0.open(cookie, session) }
        return LoginForm.welcome(to: page, cookie: cookie)
    }

    /// Ends the session of a request.
    func logout(_ request: Request) -> Response {
        if let cookie = LoginForm.cookie(of: request) { sessions.withLock { $0.close(cookie) } }
        return LoginForm.farewell
    }

    private static func cut(_ name: String) -> String {
        var name = name
        while name.utf8.count > longestName { name.unicodeScalars.removeLast() }
        return name
    }
}
