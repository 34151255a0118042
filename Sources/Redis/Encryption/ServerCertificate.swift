import NIOCore
import NIOPosix
import NIOSSL
import Primitives

/// The facts of a server's certificate that a person needs to find a mistake.
struct ServerCertificate: Sendable, Equatable {
    /// The host names and addresses of the certificate.
    var names: [String]
    /// The first and the last second of its validity, since 1970.
    var validity: ClosedRange<Int64>

    init(names: [String], validity: ClosedRange<Int64>) {
        self.names = names
        self.validity = validity
    }

    init(_ certificate: NIOSSLCertificate) {
        names = certificate._subjectAlternativeNames().compactMap { name in
            name.contents.withUnsafeBufferPointer { bytes in
                switch name.nameType {
                case .dnsName: String(validating: bytes, as: UTF8.self)
                case .ipAddress where bytes.count == 4: bytes.map(String.init).joined(separator: ".")
                default: nil
                }
            }
        }
        let begin = Int64(certificate.notValidBefore)
        validity = begin...max(begin, Int64(certificate.notValidAfter))
    }

    /// Reads the certificate of a server. Nothing is sent to the server over this connection, because the certificate is
    /// not verified.
    static func read(
        _ server: RedisConfiguration.Endpoint,
        timeout: Duration,
        on eventLoop: any EventLoop
    ) async throws -> ServerCertificate {
        let context = try await NIOThreadPool.singleton.runIfActive {
            try NIOSSLContext(configuration: .makeClientConfiguration())
        }
        let found = eventLoop.makePromise(of: ServerCertificate.self)
        let channel = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(
                        context: context,
                        serverHostname: server.nameForTLS,
                        customVerificationCallback: { certificates, verdict in
                            if let first = certificates.first { found.succeed(ServerCertificate(first)) }
                            verdict.succeed(.failed)
                        }
                    )
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(to: server)
        // Each way to the end completes the promise: no connection, a closed connection, and a silent server.
        channel.whenFailure { found.fail($0) }
        channel.whenSuccess { channel in channel.closeFuture.whenComplete { _ in found.fail(ChannelError.eof) } }
        let limit = eventLoop.scheduleTask(in: TimeAmount(timeout)) { found.fail(ChannelError.eof) }
        defer {
            limit.cancel()
            channel.whenSuccess { $0.close(promise: nil) }
        }
        return try await withTaskCancellationHandler {
            try await found.futureResult.get()
        } onCancel: {
            found.fail(CancellationError())
        }
    }
}

/// What is wrong with a server's certificate.
struct CertificateProblem: Equatable {
    /// The failure of a connection to a server with a certificate that no known authority has signed, or that is not valid
    /// now.
    static let untrusted = "TLS: the server's certificate is not trusted"
    /// The failure of a connection to a server with the certificate of another.
    static let otherName = "TLS: the server's certificate is for another name"
    /// The failure of a connection without a client certificate to a server that demands one.
    static let noClientCertificate = "TLS: the server demands a client certificate, and takes no other login"

    private let failure: String
    private let certificate: ServerCertificate
    private let server: RedisConfiguration.Endpoint
    private let now: Timestamp

    init(
        _ failure: String,
        _ certificate: ServerCertificate,
        _ server: RedisConfiguration.Endpoint,
        now: Timestamp
    ) {
        (self.failure, self.certificate, self.server, self.now) = (failure, certificate, server, now)
    }

    /// The problem in a sentence.
    var sentence: String {
        let seconds = now.seconds
        func date(_ seconds: Int64) -> String { Timestamp(seconds: seconds).rfc3339(fractionDigits: 0) }
        if seconds > certificate.validity.upperBound {
            return "TLS: the server's certificate expired at \(date(certificate.validity.upperBound))"
        }
        if seconds < certificate.validity.lowerBound {
            return "TLS: the server's certificate is valid from \(date(certificate.validity.lowerBound)) on; "
                + "is a clock wrong?"
        }
        if failure == Self.otherName, case .tcp(let host, _) = server {
            let names = certificate.names.isEmpty ? "no name" : certificate.names.joined(separator: ", ")
            return "TLS: the server's certificate is for \(names), not for \(host)"
        }
        return "TLS: no trusted authority has signed the server's certificate; "
            + "the file of trusted authorities must hold its authority"
    }
}
