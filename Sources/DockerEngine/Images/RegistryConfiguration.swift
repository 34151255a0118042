import DockerPort

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The used parts of `config.json`, the file of `docker login`.
struct RegistryConfiguration: Decodable, Equatable {
    /// The entry of a registry.
    struct Entry: Decodable, Equatable {
        /// The text `user:password` in Base64.
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
    }

    /// The place of a registry's credential.
    enum Source: Equatable {
        case credential(RegistryCredential)
        /// The program `docker-credential-NAME`.
        case helper(name: String)
    }

    var auths: [String: Entry]?
    var credsStore: String?
    var credHelpers: [String: String]?

    /// Returns the place of the credential for a registry; nil: no credential.
    ///
    /// The order is the order of Docker's command line: the registry's own helper, the common store, the entry in the
    /// file.
    func source(for server: String) -> Source? {
        let helper = credHelpers?[server] ?? credsStore
        if let helper, !helper.isEmpty { return .helper(name: helper) }
        guard let entry = entry(for: server), let proof = entry.proof else { return nil }
        return .credential(RegistryCredential(server: server, proof: proof))
    }

    /// Returns the entry for exactly this host. Older files use names with a scheme and a path.
    private func entry(for server: String) -> Entry? {
        if let entry = auths?[server] { return entry }
        let host = Self.host(of: server)
        return auths?.sorted { $0.key < $1.key }.first { Self.host(of: $0.key) == host }?.value
    }

    private static func host(of name: String) -> Substring {
        var rest = name[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        return rest.prefix { $0 != "/" }
    }
}

extension RegistryConfiguration.Entry {
    /// The proof of identity in the entry; nil if the entry has none.
    var proof: RegistryCredential.Proof? {
        if let token = identitytoken, !token.isEmpty { return .identityToken(token) }
        if let auth, !auth.isEmpty {
            guard let data = Data(base64Encoded: auth) else { return nil }
            let parts = String(decoding: data, as: UTF8.self).split(
                separator: ":",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            guard parts.count == 2, !parts[0].isEmpty else { return nil }
            // Old versions of Docker wrote NUL bytes at the end of the password.
            return .password(user: String(parts[0]), password: String(parts[1].prefix { $0 != "\0" }))
        }
        guard let username, let password, !username.isEmpty else { return nil }
        return .password(user: username, password: password)
    }
}

/// The answer of a credential helper to `get`.
struct HelperAnswer: Decodable {
    var username: String
    var secret: String

    enum CodingKeys: String, CodingKey {
        case username = "Username"
        case secret = "Secret"
    }

    /// Returns the credential in the Docker Engine's form. Helpers mark a token by the user name `<token>`.
    func credential(for server: String) -> RegistryCredential {
        let proof: RegistryCredential.Proof =
            username == "<token>" ? .identityToken(secret) : .password(user: username, password: secret)
        return RegistryCredential(server: server, proof: proof)
    }
}
