import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Describes errors of the network layer in words for a person.
enum ConnectionFailure {
    static func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: describe(error)
        case let error as IOError: describe(errno: error.errnoCode) ?? "\(error)"
        case ChannelError.connectTimeout(let limit): "no answer within \(limit.nanoseconds / 1_000_000) ms"
        case let error as NIOSSLError: describe(error)
        case let error as BoringSSLError: describe(handshake: error)
        case let error as NIOSSLExtraError:
            error == .failedToValidateHostname ? CertificateProblem.otherName : "TLS: \(error)"
        case let error as EncryptionFileError: error.description
        case let error as RedisError: "\(error)"
        default: "\(error)"
        }
    }

    private static func describe(_ error: NIOConnectionError) -> String {
        if let first = error.connectionErrors.first { return describe(first.error) }
        if error.dnsAError != nil, error.dnsAAAAError != nil { return "the host name cannot be resolved" }
        return "no address answered"
    }

    private static func describe(_ error: NIOSSLError) -> String {
        switch error {
        case .handshakeFailed(let detail): describe(handshake: detail)
        case .uncleanShutdown: "the server closed the connection"
        case .unableToValidateCertificate: CertificateProblem.untrusted
        default: "TLS: \(error)"
        }
    }

    private static func describe(handshake failure: BoringSSLError) -> String {
        let text = "\(failure)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return CertificateProblem.untrusted }
        if text.contains("CERTIFICATE_REQUIRED") { return CertificateProblem.noClientCertificate }
        if text.contains("UNKNOWN_CA") || text.contains("ALERT_BAD_CERTIFICATE") {
            return "TLS: the server does not trust the client's certificate"
        }
        if text.contains("WRONG_VERSION_NUMBER") { return "TLS: this port does not speak TLS" }
        return "TLS handshake failed: \(text) (is this a TLS port?)"
    }

    private static func describe(errno code: CInt) -> String? {
        switch code {
        case ECONNREFUSED: "connection refused: no server listens there"
        case ENOENT: "there is no such socket file"
        case EACCES: "permission to the socket is denied"
        case ECONNRESET, EPIPE: "the server closed the connection"
        case ETIMEDOUT: "the server does not answer"
        case EHOSTUNREACH, ENETUNREACH: "there is no route to the server"
        default: nil
        }
    }
}
