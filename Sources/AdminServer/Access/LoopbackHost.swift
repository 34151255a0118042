import Hummingbird
import Primitives

/// Accepts only requests for a name of this machine, if the server listens on a loopback address.
///
/// A web page in a browser on this machine can point its own name to 127.0.0.1 (DNS rebinding). The page could then
/// read the server's responses. The browser sends the page's name in `Host`, so the server can refuse the request.
package struct LoopbackHost: RouterMiddleware {
    package typealias Context = ServerContext

    /// Returns nil if the server listens on another address, because the server cannot know its names there.
    init?(boundTo host: String) {
        guard Self.isLoopback(host) else { return nil }
    }

    package func handle(
        _ request: Request,
        context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        // Every browser sends the authority.
        guard let authority = request.head.authority, !Self.names(authority) else {
            return try await next(request, context)
        }
        return Response(
            status: .misdirectedRequest,
            headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(
                byteBuffer: ByteBuffer(
                    string: "this server listens on a loopback address and answers requests for localhost, "
                        + "127.0.0.0/8 and [::1] only; a proxy before it must send one of them as Host\n"
                )
            )
        )
    }

    /// Returns whether an authority, `host` or `host:port`, names this machine.
    static func names(_ authority: String) -> Bool {
        var host = authority[...]
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let port = authority[authority.index(after: colon)...]
            guard port.utf8.count <= 5, port.utf8.allSatisfy(\.isDigit) else { return false }
            host = authority[..<colon]
        }
        // An IPv6 address in an authority needs brackets.
        return !host.contains(":") || host.hasPrefix("[") ? isLoopback(String(host)) : false
    }

    /// Returns whether a host is `localhost`, an address of 127.0.0.0/8, or `::1` with or without brackets.
    package static func isLoopback(_ host: String) -> Bool {
        if ["localhost", "::1", "[::1]"].contains(host.lowercased()) { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                part.utf8.count <= 3 && part.utf8.allSatisfy(\.isDigit) && UInt8(part) != nil
            }
    }
}
