import NIOCore
import NIOPosix
import NIOSSL
import Primitives
import Synchronization

/// The TLS context of a configuration. A change of one of its files makes a new context, so new connections use renewed
/// certificates without a restart.
final class EncryptionContexts: Sendable {
    private struct Kept {
        var stamps: [FileStamp?]
        var context: NIOSSLContext
    }

    private let configuration: RedisConfiguration
    /// The latest context. A context is worth keeping: reading the system's certificate authorities takes milliseconds.
    private let kept = Mutex<Kept?>(nil)

    init(_ configuration: RedisConfiguration) {
        self.configuration = configuration
    }

    private var files: [String] {
        [configuration.tlsCACertificateFile, configuration.tlsCertificateFile, configuration.tlsKeyFile]
            .compactMap { $0 }
    }

    /// Returns the context for the next connection; nil: the connection is not encrypted.
    ///
    /// - Throws: ``EncryptionFileError`` if a file is of no use.
    func current() async throws -> NIOSSLContext? {
        guard configuration.usesTLS else { return nil }
        let latest = kept.withLock { $0 }
        let files = files
        if let latest, files.isEmpty { return latest.context }
        // Files block, so a thread for blocking calls reads them.
        let new = try await NIOThreadPool.singleton.runIfActive { [configuration] in
            let stamps = files.map(FileStamp.init)
            if let latest, latest.stamps == stamps, !stamps.contains(nil) { return latest }
            return Kept(stamps: stamps, context: try Self.context(configuration))
        }
        kept.withLock { $0 = new }
        return new.context
    }

    private static func context(_ configuration: RedisConfiguration) throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeClientConfiguration()
        if let file = configuration.tlsCACertificateFile {
            do {
                settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            } catch {
                throw EncryptionFileError("the file of trusted authorities", file)
            }
        }
        if let file = configuration.tlsCertificateFile {
            do {
                settings.certificateChain = try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
            } catch {
                throw EncryptionFileError("the file of the client's certificate", file)
            }
        }
        if let file = configuration.tlsKeyFile {
            do {
                settings.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem))
            } catch {
                throw EncryptionFileError("the file of the client's private key", file)
            }
        }
        return try NIOSSLContext(configuration: settings)
    }

    /// Looks at the server's certificate after a failed connection, because the failure itself does not say what is wrong
    /// with it. Returns a sentence; nil: the failure has another cause.
    func diagnosis(
        of failure: String,
        at server: RedisConfiguration.Endpoint,
        on eventLoop: any EventLoop
    ) async -> String? {
        guard configuration.usesTLS, failure == CertificateProblem.untrusted || failure == CertificateProblem.otherName
        else { return nil }
        let certificate = try? await ServerCertificate.read(
            server,
            timeout: configuration.connectTimeout,
            on: eventLoop
        )
        return certificate.map { CertificateProblem(failure, $0, server, now: SystemClock.now()).sentence }
    }
}

/// A file for TLS that cannot be used.
struct EncryptionFileError: Error, CustomStringConvertible {
    let description: String

    init(_ file: String, _ path: String) {
        description = "TLS: \(file) cannot be read, or holds no such thing in PEM: \(path)"
    }
}

extension NIOSSLContext {
    /// Returns a handler that encrypts a connection to a server, and verifies its certificate.
    func handler(for server: RedisConfiguration.Endpoint) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: self, serverHostname: server.nameForTLS)
    }
}

extension RedisConfiguration.Endpoint {
    /// The name for SNI; nil for an address. TLS sends only host names. The certificate must match either.
    var nameForTLS: String? {
        guard case .tcp(let host, _) = self, (try? SocketAddress(ipAddress: host, port: 0)) == nil else { return nil }
        return host
    }
}
