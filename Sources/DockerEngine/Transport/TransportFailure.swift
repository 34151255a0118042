import AsyncHTTPClient
import DockerPort
import NIOCore
import NIOPosix
import NIOSSL
import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The reason for a missing answer.
enum TransportFailure: Error, Equatable {
    /// The client could not connect, so nothing was sent.
    case notSent(String)
    /// The connection ended. The request may have been written before.
    case lost(String)
    /// The deadline passed.
    case deadline
    /// The calling task was cancelled.
    case cancelled
    /// The answer was longer than allowed.
    case tooLong

    /// Classifies an error of the HTTP client.
    init(_ error: any Error) {
        switch error {
        case is DeadlinePassed:
            self = .deadline
        case is CancellationError:
            self = .cancelled
        case is NIOTooManyBytesError:
            self = .tooLong
        case let error as HTTPClientError:
            self = Self.classify(error)
        case let error as IOError:
            self = Self.classify(error)
        case let error as NIOConnectionError:
            let reason = error.connectionErrors.first.map { Self.reason($0.error) }
            self = .notSent(reason ?? "the name \(error.host) does not resolve")
        case let error as NIOSSLError:
            self = Self.classify(error)
        case let error as NIOSSLExtraError:
            self = .notSent("\(error)")
        case ChannelError.connectTimeout:
            self = .notSent("no connection within the time for it")
        default:
            self = .lost("\(error)")
        }
    }

    private static func classify(_ error: HTTPClientError) -> TransportFailure {
        switch error {
        case .cancelled, .requestStreamCancelled: .cancelled
        case .deadlineExceeded, .readTimeout, .writeTimeout: .deadline
        case .connectTimeout, .getConnectionFromPoolTimeout: .notSent("no connection within the time for it")
        case .tlsHandshakeTimeout: .notSent("no TLS handshake within the time for it")
        case .alreadyShutdown: .notSent("this client was shut down")
        case .remoteConnectionClosed, .uncleanShutdown: .lost("the Engine closed the connection")
        default: .lost(error.shortDescription)
        }
    }

    /// Classifies an error of the operating system. The listed errors occur only while a connection is opened, never on
    /// an open connection.
    private static func classify(_ error: IOError) -> TransportFailure {
        switch error.errnoCode {
        case ENOENT, ECONNREFUSED, EACCES, EPERM, ENOTSOCK, EPROTOTYPE, EAGAIN, EHOSTUNREACH, ENETUNREACH,
            EADDRNOTAVAIL, EHOSTDOWN, EMFILE, ENFILE, ENOBUFS:
            .notSent(reason(error))
        default:
            .lost(reason(error))
        }
    }

    private static func classify(_ error: NIOSSLError) -> TransportFailure {
        switch error {
        case .handshakeFailed, .noCertificateToValidate, .unableToValidateCertificate:
            .notSent("TLS handshake failed: \(error)")
        default:
            .lost("\(error)")
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        switch error.errnoCode {
        case ENOENT: return "there is no such socket; is the Engine installed and running?"
        case ECONNREFUSED: return "nobody listens there; is the Engine running?"
        case EACCES, EPERM: return "permission denied; is this user in the group that owns the socket (docker)?"
        case ENOTSOCK, EPROTOTYPE: return "that is no stream socket"
        case ECONNRESET, EPIPE: return "the Engine closed the connection"
        case EAGAIN: return "the Engine's queue of connections is full"
        default: return error.description
        }
    }
}

extension TransportFailure {
    /// Returns the port's error for a request without an answer.
    func dockerError(_ request: EngineRequest, endpoint: DockerEngine.Endpoint) -> DockerError {
        let changes = request.operation.changes
        func error(_ code: DockerError.Code, _ message: String, retryable: Bool, happened: Bool) -> DockerError {
            DockerError(
                code,
                operation: request.caller,
                message: "\(request.operation.rawValue): \(message)",
                retryable: retryable,
                mayHaveHappened: happened && changes
            )
        }
        switch self {
        case .notSent(let reason):
            return error(
                .unavailable,
                "cannot reach the Engine at \(endpoint): \(reason)",
                retryable: true,
                happened: false
            )
        case .lost(let reason):
            return error(.unavailable, "no answer from \(endpoint): \(reason)", retryable: true, happened: true)
        case .deadline:
            return error(.timeout, "no answer within \(request.deadline.shortText)", retryable: true, happened: true)
        case .cancelled:
            return error(.cancelled, "cancelled before the Engine answered", retryable: false, happened: true)
        case .tooLong:
            return error(.invalidAnswer, "the Engine's answer is longer than allowed", retryable: false, happened: true)
        }
    }
}
