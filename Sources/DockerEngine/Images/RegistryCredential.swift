import DockerPort
import Primitives

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The worker's credential for a registry.
struct RegistryCredential: Sendable, Equatable {
    /// The proof of identity.
    enum Proof: Sendable, Equatable {
        case password(user: String, password: String)
        /// A token for the registry's authentication service. The service exchanges the token for other tokens.
        case identityToken(String)
    }

    /// The registry's name in the Docker API.
    var server: String
    var proof: Proof

    /// The value of the header `X-Registry-Auth`: JSON in URL-safe Base64.
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
    /// The credential's registry, without secrets.
    var description: String { "credential for \(server)" }
}

extension ImageReference {
    /// The registry's name in the file of `docker login`.
    var credentialServer: String {
        guard let registry, !["docker.io", "index.docker.io", "registry-1.docker.io"].contains(registry) else {
            return "https://index.docker.io/v1/"
        }
        return registry
    }
}
