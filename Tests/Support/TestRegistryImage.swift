import Foundation
import NIOHTTP1
import Primitives

/// The image of a ``TestRegistry``, and what the registry answers.
struct TestRegistryImage: Sendable {
    /// What is answered.
    enum Reply: Sendable {
        /// `sent` bytes of the body come; nil: all of them.
        case answer(Int, [(String, String)], [UInt8], sent: Int? = nil)
        /// Nothing comes, ever.
        case silence
    }

    private let isLocked: Bool
    private let layer: [UInt8]
    private let configuration: [UInt8]
    private let foreignConfiguration: [UInt8]

    private static let schema = "application/vnd.docker.distribution.manifest.v2+json"

    /// Makes an image of one file whose content does not compress, so that the layer has a size worth stalling in.
    static func make(isLocked: Bool = false) async throws -> TestRegistryImage {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("layer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        // The kernel makes the bytes: a debug build takes half a second of processor time for as many.
        let random = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/dev/urandom"))
        let content = try random.read(upToCount: 200_000) ?? Data()
        try content.write(to: directory.appendingPathComponent("file"))
        let tar = directory.appendingPathComponent("layer.tar").path
        try await Tool.run(["tar", "-C", directory.path, "-cf", tar, "file"])
        let uncompressed = [UInt8](try Data(contentsOf: URL(fileURLWithPath: tar)))
        try await Tool.run(["gzip", tar])
        let compressed = [UInt8](try Data(contentsOf: URL(fileURLWithPath: tar + ".gz")))
        return TestRegistryImage(isLocked: isLocked, layer: compressed, difference: digest(uncompressed))
    }

    private init(isLocked: Bool, layer: [UInt8], difference: String) {
        self.isLocked = isLocked
        self.layer = layer
        func configuration(_ architecture: String) -> [UInt8] {
            Array(
                #"""
                {"architecture":"\#(architecture)","os":"linux","config":{"Cmd":["/file"],"Labels":{"made":"here"}},
                 "rootfs":{"type":"layers","diff_ids":["\#(difference)"]}}
                """#.utf8
            )
        }
        #if arch(arm64)
            (self.configuration, foreignConfiguration) = (configuration("arm64"), configuration("amd64"))
        #else
            (self.configuration, foreignConfiguration) = (configuration("amd64"), configuration("arm64"))
        #endif
    }

    /// What the registry answers to a request.
    func reply(to request: HTTPRequestHead) -> Reply {
        let parts = request.uri.split(separator: "/").map(String.init)
        guard parts.first == "v2" else { return .answer(404, [], []) }
        if isLocked, !Self.isAnn(request) {
            return .answer(401, [("WWW-Authenticate", #"Basic realm="test""#)], Self.error("UNAUTHORIZED", "who?"))
        }
        guard parts.count == 4, let fault = TestRegistry.Fault(rawValue: parts[1]) else { return .answer(200, [], []) }
        if parts[2] == "blobs" { return blob(parts[3], fault) }
        switch fault {
        case .unknownWithDetail: return Self.refusal(404, "MANIFEST_UNKNOWN", "manifest unknown", #"{"Tag":"1"}"#)
        case .unknown: return Self.refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")
        case .page: return .answer(404, [("Content-Type", "text/html")], Array("<html>not here</html>".utf8))
        case .deniedWithDetail: return Self.refusal(403, "DENIED", "requested access is denied", #"[{"Type":"x"}]"#)
        case .denied: return Self.refusal(403, "DENIED", "requested access is denied")
        case .busy: return Self.refusal(429, "TOOMANYREQUESTS", "you have reached your pull rate limit")
        case .broken: return .answer(500, [], Array("out of order".utf8))
        case .silent: return .silence
        default: return manifest(fault)
        }
    }

    private func manifest(_ fault: TestRegistry.Fault) -> Reply {
        let configuration = fault == .foreign ? foreignConfiguration : configuration
        let text = #"""
            {"schemaVersion":2,"mediaType":"\#(Self.schema)",
             "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":\#(configuration.count),
              "digest":"\#(Self.digest(configuration))"},
             "layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":\#(layer.count),
              "digest":"\#(Self.digest(layer))"}]}
            """#
        let bytes = Array(text.utf8)
        let headers = [("Content-Type", Self.schema), ("Docker-Content-Digest", Self.digest(bytes))]
        return .answer(200, headers, bytes)
    }

    private func blob(_ digest: String, _ fault: TestRegistry.Fault) -> Reply {
        let headers = [("Content-Type", "application/octet-stream")]
        for bytes in [configuration, foreignConfiguration] where Self.digest(bytes) == digest {
            return .answer(200, headers, bytes)
        }
        guard Self.digest(layer) == digest else { return Self.refusal(404, "BLOB_UNKNOWN", "blob unknown") }
        switch fault {
        case .corrupt: return .answer(200, headers, layer.map { $0 ^ 1 })
        case .truncated, .stalled: return .answer(200, headers, layer, sent: layer.count / 2)
        default: return .answer(200, headers, layer)
        }
    }

    private static func isAnn(_ request: HTTPRequestHead) -> Bool {
        request.headers.first(name: "Authorization") == "Basic " + Data("ann:secret".utf8).base64EncodedString()
    }

    private static func refusal(_ status: Int, _ code: String, _ message: String, _ detail: String? = nil) -> Reply {
        .answer(status, [("Content-Type", "application/json")], error(code, message, detail))
    }

    private static func error(_ code: String, _ message: String, _ detail: String? = nil) -> [UInt8] {
        let more = detail.map { #","detail":\#($0)"# } ?? ""
        return Array(#"{"errors":[{"code":"\#(code)","message":"\#(message)"\#(more)}]}"#.utf8)
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        "sha256:" + Hex.string(Digest.sha256(bytes))
    }
}
