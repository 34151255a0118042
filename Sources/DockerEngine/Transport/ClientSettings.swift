import AsyncHTTPClient
import NIOCore
import NIOSSL

/// Creates the HTTP clients for the Docker Engine.
struct ClientSettings {
    private let configuration: HTTPClient.Configuration

    init(_ engine: DockerEngine.Configuration) throws(DockerEngine.ConfigurationError) {
        var settings = HTTPClient.Configuration()
        // A redirect would lead to another endpoint.
        settings.redirectConfiguration = .disallow
        settings.decompression = .disabled
        settings.httpVersion = .http1Only
        settings.timeout.connect = TimeAmount(engine.deadlines.connect)
        // Each call has its own deadline, and a stream may be silent for hours.
        settings.timeout.read = nil
        // Otherwise the HTTP client would retry a missing socket until the deadline.
        settings.connectionPool.retryConnectionEstablishment = false
        if case .tcp(_, _, let files?) = engine.endpoint {
            settings.tlsConfiguration = try Self.tls(files)
        }
        configuration = settings
    }

    func client(connections: Int) -> HTTPClient {
        var settings = configuration
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    private static func tls(_ files: DockerEngine.TLSFiles) throws(DockerEngine.ConfigurationError) -> TLSConfiguration
    {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try read(files.authority) { try NIOSSLCertificate.fromPEMFile($0) })
        if let certificate = files.certificate, let key = files.privateKey {
            let chain = try read(certificate) { try NIOSSLCertificate.fromPEMFile($0) }
            tls.certificateChain = chain.map { .certificate($0) }
            tls.privateKey = .privateKey(try read(key) { try NIOSSLPrivateKey(file: $0, format: .pem) })
        }
        return tls
    }

    private static func read<Value>(
        _ path: String,
        _ parse: (String) throws -> Value
    ) throws(DockerEngine.ConfigurationError) -> Value {
        do {
            return try parse(path)
        } catch {
            throw .init(description: "\(path) cannot be read as PEM: \(error)")
        }
    }
}
