import Hummingbird
import NIOCore

/// The form for a person without the token in a browser, because browsers send no `Authorization` by themselves.
///
/// In exchange for the right token, a person gets a cookie with a random value. The cookie is valid as long as this
/// process. Browsers send no such cookie with requests of other sites, and no script can read the cookie.
struct LoginForm: Sendable {
    static let path = "login"
    private static let cookie = "rtm_session"
    /// The largest size of a submitted form, in bytes.
    static let maximumBytes = 16_384

    /// The value of the cookie.
    let session: String

    init() {
        session = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined(separator: "-")
    }

    /// Returns the response to a request without a token: the form if a browser asks for the page, otherwise no text.
    func refusal(of request: Request) -> Response {
        var headers: HTTPFields = [.wwwAuthenticate: "Bearer"]
        guard request.uri.path == "/", request.headers[.accept]?.contains("text/html") == true else {
            return Response(status: .unauthorized, headers: headers)
        }
        headers = Self.htmlHeaders
        return Response(
            status: .unauthorized,
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: Self.page("")))
        )
    }

    /// Returns the response to a submitted form.
    func answer(isRight: Bool) -> Response {
        guard isRight else {
            let page = Self.page("<p class=\"bad\">This is not the token.</p>")
            return Response(
                status: .unauthorized,
                headers: Self.htmlHeaders,
                body: .init(byteBuffer: ByteBuffer(string: page))
            )
        }
        let cookie = "\(Self.cookie)=\(session); Path=/; HttpOnly; SameSite=Strict"
        return Response(status: .seeOther, headers: [.location: "/", .setCookie: cookie, .cacheControl: "no-store"])
    }

    /// Returns the value of the cookie in a request; nil: there is none.
    static func cookie(of request: Request) -> String? {
        for header in request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let text = pair.drop { $0 == " " }
                if text.hasPrefix(cookie + "=") { return String(text.dropFirst(cookie.utf8.count + 1)) }
            }
        }
        return nil
    }

    /// Returns the token in a submitted form; nil: there is no valid token.
    ///
    /// The form's text is `token=...`, percent-encoded, with `+` for spaces.
    static func token(inForm text: String) -> String? {
        guard let field = text.split(separator: "&").first(where: { $0.hasPrefix("token=") }) else { return nil }
        return PercentText.decoded(field.dropFirst("token=".count), plusIsSpace: true)
    }

    private static var htmlHeaders: HTTPFields {
        [
            .contentType: "text/html; charset=utf-8", .cacheControl: "no-store", .wwwAuthenticate: "Bearer",
            .contentSecurityPolicy: ConsoleFrame.policy,
        ]
    }

    private static func page(_ remark: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><title>rtmanager</title>
        <meta name="viewport" content="width=device-width">
        <style>
        :root { color-scheme: light dark } body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem }
        .bad { color: #b3261e }
        </style></head><body>
        <h1>rtmanager</h1>
        \(remark)
        <form method="post" action="/\(path)">
        <label>Token of this worker (the content of RTM_HTTP_TOKEN_FILE)<br>
        <input type="password" name="token" autocomplete="current-password" required autofocus></label>
        <button>Show the page</button>
        </form>
        </body></html>

        """
    }
}
