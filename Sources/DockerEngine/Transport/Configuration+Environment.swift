#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension DockerEngine {
    /// The error for invalid settings of the Docker Engine's address or TLS files.
    package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
        /// A sentence for a person: the setting, the problem, and the allowed values.
        package let description: String
    }
}

extension DockerEngine.Configuration {
    /// Creates a configuration from the environment, as Docker's command line does.
    ///
    /// - `DOCKER_HOST`: `unix:///path` or `tcp://host:port`. Default: `unix:///var/run/docker.sock`.
    /// - `DOCKER_TLS_VERIFY`: any text enables verified TLS for TCP.
    /// - `DOCKER_CERT_PATH`: the directory of `ca.pem`, and of `cert.pem` and `key.pem` (both or neither). Default:
    ///   `$HOME/.docker`.
    /// - `DOCKER_CONFIG`: the directory of `config.json` with the registries' credentials. Default: `$HOME/.docker`.
    ///
    /// - Throws: ``DockerEngine/ConfigurationError`` if a setting is invalid, or valid for Docker but not supported
    ///   here. Ignoring the setting could reach the wrong Docker Engine.
    package init(environment: [String: String]) throws(DockerEngine.ConfigurationError) {
        self.init(endpoint: try Self.endpoint(environment), registryFile: Self.registryFile(environment))
    }

    private static func registryFile(_ environment: [String: String]) -> String? {
        if let directory = environment["DOCKER_CONFIG"], !directory.isEmpty { return directory + "/config.json" }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return home + "/.docker/config.json"
    }

    private static func endpoint(
        _ environment: [String: String]
    ) throws(DockerEngine.ConfigurationError) -> DockerEngine.Endpoint {
        guard let host = environment["DOCKER_HOST"], !host.isEmpty else {
            if let context = environment["DOCKER_CONTEXT"], !context.isEmpty, context != "default" {
                throw .init(
                    description: "DOCKER_CONTEXT is \(context), and contexts are not read here: set DOCKER_HOST to "
                        + "what `docker context inspect \(context)` shows as Host"
                )
            }
            return .unix(path: DockerEngine.Endpoint.defaultSocket)
        }
        let parts = host.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let scheme = parts.count == 2 ? String(parts[0]) : "tcp"
        let rest = parts.count == 2 ? String(parts[1]) : host
        switch scheme {
        case "unix":
            guard rest.hasPrefix("/") else { throw .unreadable(host, "the socket's path must be absolute") }
            // The address of a Unix socket has 108 bytes, including the terminator.
            guard rest.utf8.count <= 107 else { throw .unreadable(host, "the socket's path is over 107 bytes long") }
            return .unix(path: rest)
        case "tcp":
            let tls = try tlsFiles(environment)
            let (name, port) = try authority(rest, of: host, defaultPort: tls == nil ? 2375 : 2376)
            return .tcp(host: name, port: port, tls: tls)
        case "ssh", "npipe", "fd":
            throw .unreadable(host, "\(scheme):// is not supported; forward the Engine's socket and use unix://")
        default:
            throw .unreadable(host, "there is no scheme \(scheme)://")
        }
    }

    private static func authority(
        _ text: String,
        of whole: String,
        defaultPort: Int
    ) throws(DockerEngine.ConfigurationError) -> (String, Int) {
        var text = Substring(text)
        if text.hasSuffix("/") { text = text.dropLast() }
        guard !text.contains("/"), !text.contains("@"), !text.contains("?") else {
            throw .unreadable(whole, "only a host and a port may follow tcp://")
        }
        var host = text
        var port: Substring?
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<close]
            let tail = text[text.index(after: close)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw .unreadable(whole, "no colon before the port") }
            port = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty else { throw .unreadable(whole, "the host is missing") }
        guard let port else { return (String(host), defaultPort) }
        guard let number = UInt16(port), number > 0 else { throw .unreadable(whole, "\(port) is no port") }
        return (String(host), Int(number))
    }

    private static func tlsFiles(
        _ environment: [String: String]
    ) throws(DockerEngine.ConfigurationError) -> DockerEngine.TLSFiles? {
        guard let verify = environment["DOCKER_TLS_VERIFY"], !verify.isEmpty else {
            guard let unverified = environment["DOCKER_TLS"], !unverified.isEmpty else { return nil }
            throw .init(
                description: "DOCKER_TLS without DOCKER_TLS_VERIFY means TLS that verifies nobody, which is not "
                    + "supported: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH"
            )
        }
        var directory = environment["DOCKER_CERT_PATH"] ?? ""
        if directory.isEmpty {
            guard let home = environment["HOME"], !home.isEmpty else {
                throw .init(description: "DOCKER_TLS_VERIFY is set, but neither DOCKER_CERT_PATH nor HOME is")
            }
            directory = home + "/.docker"
        }
        func file(_ name: String) -> String? {
            let path = directory + "/" + name
            return FileManager.default.fileExists(atPath: path) ? path : nil
        }
        guard let authority = file("ca.pem") else {
            throw .init(description: "DOCKER_TLS_VERIFY is set, but there is no \(directory)/ca.pem (DOCKER_CERT_PATH)")
        }
        let (certificate, key) = (file("cert.pem"), file("key.pem"))
        guard (certificate == nil) == (key == nil) else {
            throw .init(description: "\(directory) has only one of cert.pem and key.pem (DOCKER_CERT_PATH)")
        }
        return .init(authority: authority, certificate: certificate, privateKey: key)
    }
}

extension DockerEngine.ConfigurationError {
    fileprivate static func unreadable(_ host: String, _ reason: String) -> Self {
        .init(description: "DOCKER_HOST is \(host): \(reason) (unix:///path/to/docker.sock or tcp://host:port)")
    }
}
