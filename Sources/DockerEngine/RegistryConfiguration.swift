import DockerPort

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What is read of the file in which `docker login` keeps credentials, `config.json`.
struct RegistryConfiguration: Decodable, Equatable {
    /// What the file holds for one registry.
    struct Entry: Decodable, Equatable {
        /// `user:password` in Base64.
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
    }

    /// Where a registry's credential is.
    enum Source: Equatable {
        case credential(RegistryCredential)
        /// The program `docker-credential-NAME` has it.
        case helper(name: String)
    }

    var auths: [String: Entry]?
    var credsStore: String?
    var credHelpers: [String: String]?

    /// Where the credential for a registry is; nil where it is asked without one. As for Docker's command line, a
    /// registry's own helper goes before the store of all, and that before what the file holds.
    func source(for server: String) -> Source? {
        let helper = credHelpers?[server] ?? credsStore
        if let helper, !helper.isEmpty { return .helper(name: helper) }
        guard let entry = entry(for: server), let proof = entry.proof else { return nil }
        return .credential(RegistryCredential(server: server, proof: proof))
    }

    /// The entry of exactly this host. Older files have names with a scheme and a path.
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
    /// How the entry proves who asks; nil where there is nothing in it.
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
            // Files that old versions wrote end in NULs.
            return .password(user: String(parts[0]), password: String(parts[1].prefix { $0 != "\0" }))
        }
        guard let username, let password, !username.isEmpty else { return nil }
        return .password(user: username, password: password)
    }
}

/// What a credential helper answers to `get`.
struct HelperAnswer: Decodable {
    var username: String
    var secret: String

    enum CodingKeys: String, CodingKey {
        case username = "Username"
        case secret = "Secret"
    }

    /// The same for the Engine. Helpers mark a token by the name of its user.
    func credential(for server: String) -> RegistryCredential {
        let proof: RegistryCredential.Proof =
            username == "<token>" ? .identityToken(secret) : .password(user: username, password: secret)
        return RegistryCredential(server: server, proof: proof)
    }
}
