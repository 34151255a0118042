import DockerPort

/// The reason for a refused pull.
///
/// The answer's status and text select the reason. The worker publishes only this type's own sentences, because a
/// registry can answer with any text. If the author of a job chooses the registry, the answer may even come from any
/// address within the Docker Engine's reach.
enum PullRefusal: Equatable, CaseIterable {
    case rateLimited, unknownImage, otherPlatform, credentials, invalidReference, unavailable, noSpace, unreachable
    case insecure, corrupt, notUnderstood, refused, other

    /// - Parameters:
    ///   - status: the HTTP status of the Docker Engine's answer; nil: an error within the lines of a pull.
    ///   - text: the text of the answer.
    init(status: Int?, text: String) {
        let text = text.lowercased()
        func find(_ rows: [Row]) -> PullRefusal? { rows.first { $0.parts.contains { text.contains($0) } }?.refusal }
        self =
            status == 429
            ? .rateLimited
            : find(Self.clearWords) ?? Self.denial(status: status, text: text) ?? Self.byStatus(status)
                ?? find(Self.likelyWords) ?? .other
    }

    private typealias Row = (refusal: PullRefusal, parts: [String])

    /// Texts that decide before the status. Registries and Docker Engines use different statuses for the same refusal.
    private static let clearWords: [Row] = [
        (.rateLimited, ["toomanyrequests", "too many requests", "rate limit"]),
        (.otherPlatform, ["no matching manifest"]),
        (
            .unknownImage,
            // A server that is no registry answers with a web page. Newer Docker Engines show the page instead of its
            // status, but only of a status from 400 to 499.
            [
                "manifest unknown", "manifest for ", "name unknown", "repository name not known", "parsing http 404",
                "unknown: <",
            ]
        ),
    ]

    /// Texts that decide if the status does not.
    private static let likelyWords: [Row] = [
        (.noSpace, ["no space left on device", "disk quota exceeded"]),
        (.insecure, ["x509", "certificate", "tls:", "http response to https client"]),
        (
            .unreachable,
            [
                "dial tcp", "no such host", "connection refused", "connection reset", "no route to host",
                "network is unreachable", "timeout", "deadline exceeded", "request canceled",
            ]
        ),
        (.corrupt, ["verification failed", "unexpected eof", "digest", "checksum"]),
        (.notUnderstood, ["parsing http", "unexpected http status", "invalid character", "unmarshal", "unsupported"]),
    ]

    private static func denial(status: Int?, text: String) -> PullRefusal? {
        let words = ["unauthorized", "authentication required", "access denied", "no basic auth credentials"]
        let isDenied =
            status == 401 || status == 403 || words.contains { text.contains($0) } || text == "denied"
            || text.hasPrefix("denied:") || text.hasSuffix(": denied")
        return isDenied ? .credentials : nil
    }

    private static func byStatus(_ status: Int?) -> PullRefusal? {
        switch status {
        case 404: .unknownImage
        case 400: .invalidReference
        case 503: .unavailable
        case .some(let status) where (400...499).contains(status): .refused
        default: nil
        }
    }

    var code: DockerError.Code {
        switch self {
        case .rateLimited: .rateLimited
        case .unknownImage, .otherPlatform: .imageNotFound
        case .credentials: .imageAuthentication
        case .invalidReference: .invalidSpec
        case .unavailable: .unavailable
        case .noSpace, .unreachable, .insecure, .corrupt, .notUnderstood, .refused, .other: .pullFailed
        }
    }

    /// Whether another pull may succeed.
    var retryable: Bool {
        switch self {
        case .unknownImage, .otherPlatform, .credentials, .invalidReference, .refused: false
        case .rateLimited, .unavailable, .noSpace, .unreachable, .insecure, .corrupt, .notUnderstood, .other: true
        }
    }

    /// A sentence for a person.
    var sentence: String {
        switch self {
        case .rateLimited: "the registry asks for fewer pulls"
        case .unknownImage: "the registry has no such image"
        case .otherPlatform: "the registry has the image for machines of other kinds only"
        case .credentials: "the registry refused the credentials, or wants some; or it has no such repository"
        case .invalidReference: "the Engine does not take the image's reference"
        case .unavailable: "the Engine or the registry is not available"
        case .noSpace: "the Engine has no space left for the image"
        case .unreachable: "the registry cannot be reached"
        case .insecure: "no trusted connection to the registry can be made"
        case .corrupt: "what the registry sent is not the image that it promised"
        case .notUnderstood: "the registry's answer was not understood"
        case .refused: "the registry refused the pull"
        case .other: "the pull failed"
        }
    }
}
