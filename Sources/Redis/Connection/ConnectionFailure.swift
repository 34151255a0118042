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
        case let error as NIOSSLExtraError: "TLS: \(error)"
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
        case .handshakeFailed(let detail):
            "TLS handshake failed: \(detail) (is this a TLS port, and is the certificate's authority trusted?)"
        case .uncleanShutdown: "the server closed the connection"
        case .failedToLoadCertificate, .noSuchFilesystemObject: "TLS: the file of trusted authorities cannot be read"
        case .unableToValidateCertificate: "TLS: the server's certificate is not valid for this address"
        default: "TLS: \(error)"
        }
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
