import Testing

@testable import Settings
@testable import Terminal

@Suite("Secrets in the values of settings")
struct DisclosureTests {
    /// Every setting with a URL, each with a refused value that holds a secret.
    static let urls = [
        ("RTM_REDIS_URL", "http://user:hunter2@host/0", "http://***@host/0"),
        ("RTM_OTLP_ENDPOINT", "http://user:hunter2@host:4318", "http://***@host:4318"),
    ]

    @Test("has a sample for every setting with a URL")
    func complete() {
        let described = SettingDescriptor.all.filter { $0.valueName == "url" }.map(\.name)
        #expect(described.sorted() == Self.urls.map(\.0).sorted())
    }

    @Test("are left out of the message about a refused URL", arguments: urls)
    func masked(name: String, value: String, shown: String) throws {
        let source = SettingsSource(environment: [name: value], cores: 1)
        let error = #expect(throws: SettingsError.self) { try Settings.load(from: source, for: .worker) }
        let text = try #require(error?.description)
        #expect(text.contains(name))
        #expect(text.contains(shown))
        #expect(!text.contains("hunter2"))
    }

    @Test("are left out of the message about a refused variable of the games")
    func gameEnvironment() throws {
        let source = SettingsSource(environment: ["RTM_ENV_1A": "hunter2"], cores: 1)
        let error = #expect(throws: SettingsError.self) { try Settings.load(from: source, for: .worker) }
        let text = try #require(error?.description)
        #expect(text.contains("RTM_ENV_1A"))
        #expect(!text.contains("hunter2"))
    }

    @Test(
        "are masked in the URLs of every known scheme, which stay readable",
        arguments: [
            "redis", "rediss", "redis+sentinel", "rediss+sentinel", "unix", "http", "https", "tcp", "ssh", "npipe",
            "fd",
        ]
    )
    func schemes(scheme: String) {
        #expect(MaskedURL.mask("\(scheme)://user:hunter2@host:1/path?key=hunter2") == "\(scheme)://***@host:1/path?***")
        #expect(MaskedURL.mask("\(scheme.uppercased())://host:1/path") == "\(scheme.uppercased())://host:1/path")
        #expect(MaskedURL.maskAll(in: "at \(scheme)://:hunter2@host") == "at \(scheme)://***@host")
    }

    @Test("are masked in the URLs of other schemes, of which only the address is shown")
    func otherSchemes() {
        #expect(MaskedURL.mask("hunter2://host") == "***")
        #expect(MaskedURL.mask("other://user:hunter2@host") == "***@host")
    }
}
