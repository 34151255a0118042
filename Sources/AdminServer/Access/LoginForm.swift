import Hummingbird
import NIOCore

/// The form for a person without the token in a browser, because browsers send no `Authorization` by themselves.
///
/// In exchange for a right token, a person gets a cookie with a random value. Browsers send no such cookie with requests
/// of other sites, and no script can read the cookie.
enum LoginForm {
    static let path = "login"
    private static let cookie = "rtm_session"

    /// Returns the response to a request without a token: the form if a browser asks for a page, else a sentence.
    static func refusal(of request: Request) -> Response {
        guard request.method == .get, request.headers[.accept]?.contains("text/html") == true else {
            return Response(
                status: .unauthorized,
                headers: [
                    .contentType: "text/plain; charset=utf-8", .cacheControl: "no-store",
                    .wwwAuthenticate: "Bearer, Basic realm=\"rtmanager\", charset=\"UTF-8\"",
                ],
                body: .init(
                    byteBuffer: ByteBuffer(
                        string: "this server needs its token: Authorization: Bearer TOKEN, or Basic with any name and "
                            + "the token as password\n"
                    )
                )
            )
        }
        return form(next: page(request.uri.description), isRefused: false)
    }

    static func form(next: String, isRefused: Bool) -> Response {
        let html = Templates.render(.login, ["next": .text(next), "isRefused": .flag(isRefused)])
        // A browser that is offered `Basic` would hide the form behind a window of its own.
        var headers = ConsoleEndpoint.htmlHeaders
        headers[.wwwAuthenticate] = "Bearer"
        return Response(
            status: .unauthorized,
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: html))
        )
    }

    static func welcome(to page: String, cookie value: String) -> Response {
        let cookie = "\(cookie)=\(value); Path=/; HttpOnly; SameSite=Strict"
        return Response(status: .seeOther, headers: [.location: page, .setCookie: cookie, .cacheControl: "no-store"])
    }

    static var farewell: Response {
        let cookie = "\(cookie)=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        return Response(status: .seeOther, headers: [.location: "/", .setCookie: cookie, .cacheControl: "no-store"])
    }

    /// Returns the address of a page of this server, or `/` if the text is none: `//host` leads elsewhere.
    static func page(_ text: String?) -> String {
        guard let text, text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= 2_000,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\\") }),
            text.utf8.dropFirst().first != UInt8(ascii: "/")
        else { return "/" }
        return text
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
}
