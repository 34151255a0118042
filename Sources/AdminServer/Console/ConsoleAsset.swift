import Hummingbird
import NIOCore
import Primitives

/// The style and the script of the pages. They hold no secret, so the login form can use them.
enum ConsoleAsset: String, CaseIterable {
    case style = "console.css"
    case script = "console.js"

    /// The address. It changes with the content, so that a browser may keep the file for ever.
    var address: String { "/assets/\(version)/\(rawValue)" }

    private var text: String {
        switch self {
        case .style: ConsoleStyle.text
        case .script: ConsoleScript.text
        }
    }

    private var version: String { Self.versions[self] ?? "" }

    private static let versions = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0, String(Hex.string(Digest.sha1($0.text.utf8)).prefix(12))) }
    )

    private var mediaType: String { self == .style ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8" }

    static func add(to router: Router<ServerContext>) {
        router.get("assets/:version/:name") { _, context in
            guard let name = context.parameters.get("name"), let asset = ConsoleAsset(rawValue: name) else {
                throw HTTPError(.notFound)
            }
            // A page of another version of the worker may ask for its own file.
            let isCurrent = context.parameters.get("version") == asset.version
            return Response(
                status: .ok,
                headers: [
                    .contentType: asset.mediaType, .xContentTypeOptions: "nosniff",
                    .cacheControl: isCurrent ? "max-age=31536000, immutable" : "no-store",
                ],
                body: ResponseBody(byteBuffer: ByteBuffer(string: asset.text))
            )
        }
    }
}
