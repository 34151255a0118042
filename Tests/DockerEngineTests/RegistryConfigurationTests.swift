import DockerPort
import Foundation
import Primitives
import Testing

@testable import DockerEngine

@Suite("Docker's credentials file")
struct RegistryConfigurationTests {
    private func source(_ json: String, _ reference: String) throws -> RegistryConfiguration.Source? {
        let configuration = try JSONDecoder().decode(RegistryConfiguration.self, from: Data(json.utf8))
        return configuration.source(for: try #require(ImageReference(reference)).credentialServer)
    }

    private func password(_ server: String, _ user: String, _ password: String) -> RegistryConfiguration.Source {
        .credential(.init(server: server, proof: .password(user: user, password: password)))
    }

    private static let auth = Data("ann:a:b".utf8).base64EncodedString()

    @Test("gives the entry of exactly the image's registry")
    func exact() throws {
        let json = #"{"auths":{"r.example":{"auth":"\#(Self.auth)"},"r.example:5000":{"identitytoken":"t"}}}"#
        #expect(try source(json, "r.example/a/b:1") == password("r.example", "ann", "a:b"))
        let token = RegistryCredential(server: "r.example:5000", proof: .identityToken("t"))
        #expect(try source(json, "r.example:5000/a:1") == .credential(token))
        for other in ["r.example.evil/a:1", "evil-r.example/a:1", "r.example:5001/a:1", "a:1", "r/a:1"] {
            #expect(try source(json, other) == nil)
        }
    }

    @Test("has Docker Hub under its old name", arguments: ["a", "a/b:1", "docker.io/a/b", "index.docker.io/a"])
    func hub(_ reference: String) throws {
        let server = "https://index.docker.io/v1/"
        let json = #"{"auths":{"\#(server)":{"username":"u","password":"p"},"r.example":{"auth":"x"}}}"#
        #expect(try source(json, reference) == password(server, "u", "p"))
    }

    @Test("may name a registry with scheme and path")
    func oldNames() throws {
        let json = #"{"auths":{"https://r.example/v1/":{"auth":"\#(Self.auth)"}}}"#
        #expect(try source(json, "r.example/a:1") == password("r.example", "ann", "a:b"))
    }

    @Test("uses a registry's own helper first, then the common helper, then the file's entry")
    func helpers() throws {
        let json = #"""
            {"auths":{"r.example":{"auth":"\#(Self.auth)"},"s.example":{}},"credsStore":"all",
             "credHelpers":{"r.example":"one"},"HttpHeaders":{"x":"y"},"currentContext":"z"}
            """#
        #expect(try source(json, "r.example/a:1") == .helper(name: "one"))
        #expect(try source(json, "s.example/a:1") == .helper(name: "all"))
    }

    @Test("may have no usable entry", arguments: ["", "!", "YW5u", "OnA="])
    func unusable(_ auth: String) throws {
        #expect(try source(#"{"auths":{"r.example":{"auth":"\#(auth)"}}}"#, "r.example/a:1") == nil)
        #expect(try source("{}", "r.example/a:1") == nil)
    }

    @Test("becomes a header that the Docker Engine reads")
    func header() throws {
        let credential = RegistryCredential(server: "r.example", proof: .password(user: "ü?>", password: "p"))
        let text = credential.header.replacing("-", with: "+").replacing("_", with: "/")
        let json = try JSONDecoder().decode([String: String].self, from: try #require(Data(base64Encoded: text)))
        #expect(json == ["serveraddress": "r.example", "username": "ü?>", "password": "p"])
        #expect(!credential.header.contains("+") && !credential.header.contains("/"))
        #expect("\(credential)" == "credential for r.example")
        let answer = HelperAnswer(username: "<token>", secret: "t").credential(for: "s")
        #expect(answer == RegistryCredential(server: "s", proof: .identityToken("t")))
    }
}
