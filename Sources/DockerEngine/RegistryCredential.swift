import DockerPort

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Who this worker is to one registry.
struct RegistryCredential: Sendable, Equatable {
    /// How it proves it.
    enum Proof: Sendable, Equatable {
        case password(user: String, password: String)
        /// A token that the registry's own service turns into others.
        case identityToken(String)
    }

    /// The registry, as the Engine is told of it.
    var server: String
    var proof: Proof

    /// The header `X-Registry-Auth`: JSON in Base64 of the alphabet for URLs.
    var header: String {
        var fields = ["serveraddress": server]
        switch proof {
        case .password(let user, let password):
            fields["username"] = user
            fields["password"] = password
        case .identityToken(let token):
            fields["identitytoken"] = token
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A dictionary of strings always has a JSON form.
        let json = (try? encoder.encode(fields)) ?? Data()
        return json.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }
}

extension RegistryCredential: CustomStringConvertible {
    /// Says nothing that is secret.
    var description: String { "credential for \(server)" }
}

extension ImageReference {
    /// Docker's Hub, where a reference that names no registry is looked up.
    static let hub = "docker.io"

    /// Host and port of the registry, exactly as the reference has them.
    var registry: String {
        let parts = repository.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let first = parts.first else { return Self.hub }
        return first.contains(".") || first.contains(":") || first == "localhost" ? String(first) : Self.hub
    }

    /// The name by which `docker login` keeps the registry's credentials.
    var credentialServer: String {
        ["docker.io", "index.docker.io", "registry-1.docker.io"].contains(registry)
            ? "https://index.docker.io/v1/" : registry
    }
}
