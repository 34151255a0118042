import Primitives
import Testing

@Suite("An image reference")
struct ImageReferenceTests {
    private static let digest = "sha256:" + String(repeating: "0f", count: 32)

    @Test(
        "has repository, tag and digest",
        arguments: [
            ("engine", "engine", "latest", nil), ("engine:1.2", "engine", "1.2", nil),
            ("team/engine:1", "team/engine", "1", nil), ("a-b_c.d__e--f/x", "a-b_c.d__e--f/x", "latest", nil),
            ("localhost/engine", "localhost/engine", "latest", nil),
            ("registry.example:5000/team/engine", "registry.example:5000/team/engine", "latest", nil),
            ("registry.example:5000/team/engine:V_1.2-x", "registry.example:5000/team/engine", "V_1.2-x", nil),
            ("Registry.Example/engine", "Registry.Example/engine", "latest", nil),
            ("engine@" + digest, "engine", nil, digest),
            ("r.example/engine:1@" + digest, "r.example/engine", "1", digest),
        ] as [(String, String, String?, String?)]
    )
    func reads(text: String, repository: String, tag: String?, digest: String?) throws {
        let reference = try #require(ImageReference(text))
        #expect(reference.repository == repository)
        #expect(reference.tag == tag)
        #expect(reference.digest == digest)
        #expect(ImageReference(reference.description) == reference)
    }

    @Test(
        "is refused in any other form",
        arguments: [
            "", ":", "@", "/", "UPPER", "a b", "a/", "/a", "a//b", "a:", "a:b:c", "-a", "a-", "a._b", "a___b", "a..b",
            "engine:" + String(repeating: "x", count: 129), "engine:.x", "engine:-x", "engine@sha256:00",
            "engine@md5:1",
            "engine@sha256:" + String(repeating: "G", count: 64), "sha256:" + String(repeating: "a", count: 64),
            "sha256:abc", String(repeating: "a", count: 64), "registry.example:0/x", "registry.example:x/y",
            "registry.example:99999/x", "registry.example:+5/x", "-r.example/x", "r..example/x", "a\u{301}", "ä",
            "a\n", "../x", "https://r.example/x", String(repeating: "a/", count: 200) + "a",
        ]
    )
    func refuses(text: String) {
        #expect(ImageReference(text) == nil)
    }

    @Test(
        "separates the registry from the path",
        arguments: [
            ("engine", nil, "engine"), ("team/engine", nil, "team/engine"), ("localhost/engine", "localhost", "engine"),
            ("r.example/team/engine", "r.example", "team/engine"), ("r:5000/engine", "r:5000", "engine"),
        ] as [(String, String?, String)]
    )
    func registries(text: String, registry: String?, path: String) throws {
        let reference = try #require(ImageReference(text))
        #expect(reference.registry == registry)
        #expect(reference.path == path)
    }

    @Test("says if its registry name can be a host")
    func impossibleRegistries() throws {
        let reference = try #require(ImageReference("my.team_x/engine:1"))
        #expect(reference.registry == "my.team_x" && !reference.hasValidRegistry)
        #expect(reference.description == "my.team_x/engine:1")
        for text in ["engine", "team_x/engine", "my.team/engine", "r:5000/engine", "localhost/engine"] {
            #expect(ImageReference(text)?.hasValidRegistry == true)
        }
        for text in ["my.team_x:5000/engine", "-my.team/engine", "my.team_/engine"] {
            #expect(ImageReference(text) == nil)
        }
    }

    @Test(
        "is expanded with its tag or digest, or refused",
        arguments: [
            ("engine", "engine:latest"), ("galaxy/engine:1.2", "galaxy/engine:1.2"),
            ("localhost:5000/a/b", "localhost:5000/a/b:latest"), ("r.example/a__b/c--d:V1", "r.example/a__b/c--d:V1"),
            ("e@sha256:" + String(repeating: "a", count: 64), "e@sha256:" + String(repeating: "a", count: 64)),
            ("sha256:t", nil), ("sha256", nil), ("r.example:+80/x", nil),
            ("r.example/" + String(repeating: "a", count: 246), nil), ("UPPER", nil), ("a:", nil), ("", nil),
            ("/a", nil), ("a//b", nil), ("a@sha256:12", nil), ("a b", nil),
            ("-a", nil), ("a-", nil), ("a___b", nil), ("a:b:c", nil), ("r.example:99999/a", nil), ("a..b", nil),
            (String(repeating: "a", count: 64), nil),
        ] as [(String, String?)]
    )
    func references(text: String, canonical: String?) {
        #expect(ImageReference(text)?.description == canonical)
    }
}
