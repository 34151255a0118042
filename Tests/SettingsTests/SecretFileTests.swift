import Foundation
import JobContract
import Redis
import Support
import Testing

@testable import Settings
@testable import Terminal

/// Calls `body` with the path of a file with these bytes.
private func withFile<Value>(_ bytes: [UInt8], _ body: (String) throws -> Value) throws -> Value {
    let directory = try temporaryDirectory("secret")
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = directory + "/file"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try body(path)
}

/// The value, or the message with `FILE` for the path.
private func outcome<Value>(_ path: String, _ body: () throws -> Value?) throws -> String {
    do {
        return try body().map { "\($0)" } ?? "none"
    } catch let error as CommandError {
        #expect(error.reason == .wrongUse)
        return error.description.replacing(path, with: "FILE")
    }
}

@Suite("Files of secrets")
struct SecretFileTests {
    @Test(
        "the password of Redis is the file without one line end",
        arguments: [
            ("pw", "pw"), ("pw\n", "pw"), ("pw\r\n", "pw"), (" p w \n", " p w "), ("pw\n\n", "pw\n"), ("ä", "ä"),
            ("\r", "\r"), (String(repeating: "x", count: 4_096), String(repeating: "x", count: 4_096)),
        ]
    )
    func password(content: String, expected: String) throws {
        try withFile(Array(content.utf8)) { path in
            var settings = Settings(cores: 1)
            settings.redisPasswordFile = path
            let found = try outcome(path) { try settings.redisConfiguration().password }
            #expect(found == expected)
        }
    }

    private static let noPassword =
        "RTM_REDIS_PASSWORD_FILE FILE: the password must not be empty and must be UTF-8 without NUL"

    @Test(
        "a file without a usable password is wrong use",
        arguments: [
            (Array("".utf8), noPassword), (Array("\n".utf8), noPassword), (Array("\r\n".utf8), noPassword),
            ([0x61, 0], noPassword), ([0xFF], noPassword),
            (Array(repeating: 0x61, count: 4_097), "RTM_REDIS_PASSWORD_FILE FILE: has more than 4096 bytes"),
        ]
    )
    func unusablePassword(content: [UInt8], sentence: String) throws {
        try withFile(content) { path in
            var settings = Settings(cores: 1)
            settings.redisPasswordFile = path
            let found = try outcome(path) { try settings.redisConfiguration().password }
            #expect(found == sentence)
        }
    }

    @Test("a password in both places is refused, and neither is shown")
    func bothPasswords() throws {
        try withFile(Array("hunter2".utf8)) { path in
            var settings = Settings(cores: 1)
            settings.redisURL = "redis://:hunter3@h"
            settings.redisPasswordFile = path
            let found = try outcome(path) { try settings.redisConfiguration().password }
            #expect(
                found == "RTM_REDIS_PASSWORD_FILE: RTM_REDIS_URL has a password, too; give one of them"
            )
        }
    }

    private static let shortToken =
        "RTM_HTTP_TOKEN_FILE FILE: the token must have at least 8 printable ASCII characters, and no space"

    @Test(
        "the token of HTTP requests is the file without its line ends, printable and long enough",
        arguments: [
            ("s3cret-token", "s3cret-token"), ("s3cret-token\n", "s3cret-token"),
            ("s3cret-token\r\n\n", "s3cret-token"),
            ("12345678", "12345678"), ("1234567", shortToken), ("", shortToken), ("s3cret token", shortToken),
            ("s3cret-tökén", shortToken), ("s3cret\ttoken", shortToken),
        ]
    )
    func token(content: String, expected: String) throws {
        try withFile(Array(content.utf8)) { path in
            var settings = Settings(cores: 1)
            settings.httpTokenFile = path
            let found = try outcome(path) { try settings.httpToken() }
            #expect(found == expected)
        }
    }

    @Test(
        "wrong keys are reported with their line, and without the secret",
        arguments: [
            ("a:0123456789abcdef", nil), ("# keys\n\na:0123456789abcdef\nb:0123456789abcdef\n", nil),
            ("", "there is no key in it; a line NAME:SECRET makes one"),
            ("# nothing\n", "there is no key in it; a line NAME:SECRET makes one"),
            (
                "a:0123456789abcdef\nsecret-without-name",
                "line 2: must be NAME:SECRET, with a name of 1 to 64 of A-Z a-z 0-9 _ . -"
            ),
            ("a b:0123456789abcdef", "line 1: must be NAME:SECRET, with a name of 1 to 64 of A-Z a-z 0-9 _ . -"),
            ("a:short", "line 1: the secret must have 16 bytes or more"),
            ("a:0123456789abcdef\na:0123456789abcdeg", "line 2: the name a is there twice"),
        ] as [(String, String?)]
    )
    func keys(content: String, problem: String?) throws {
        try withFile(Array(content.utf8)) { path in
            var settings = Settings(cores: 1)
            settings.signingKeyFile = path
            let found = try outcome(path) {
                try settings.signingKeys() == nil ? "no keys" : "keys"
            }
            #expect(found == problem.map { "RTM_SIGNING_KEY_FILE FILE: \($0)" } ?? "keys")
            let hasSigner = try outcome(path) { try settings.signer() == nil ? "no" : "yes" }
            #expect((hasSigner == "yes") == (problem == nil))
        }
    }

    @Test("without files there is no password, no token and no key; a file that went away is named")
    func absent() throws {
        var settings = Settings(cores: 1)
        #expect(try settings.httpToken() == nil && settings.redisConfiguration().password == nil)
        #expect(try settings.signingKeys() == nil && settings.signer() == nil)
        let path = "/no/such/file"
        (settings.redisPasswordFile, settings.httpTokenFile, settings.signingKeyFile) = (path, path, path)
        let found = [
            try outcome(path) { try settings.redisConfiguration().password },
            try outcome(path) { try settings.httpToken() },
            try outcome(path) { try settings.signingKeys().map { _ in "keys" } },
        ]
        let names = ["RTM_REDIS_PASSWORD_FILE", "RTM_HTTP_TOKEN_FILE", "RTM_SIGNING_KEY_FILE"]
        #expect(found == names.map { "\($0) FILE: cannot be read" })
    }

    @Test(
        "a setting with a path says at the start why the file cannot be read",
        arguments: ["RTM_REDIS_PASSWORD_FILE", "RTM_SIGNING_KEY_FILE", "RTM_CONFIG", "RTM_HTTP_TOKEN_FILE"]
    )
    func unreadable(name: String) throws {
        func problem(_ path: String) -> String? {
            do throws(SettingsError) {
                _ = try Settings.load(from: SettingsSource(environment: [name: path]), for: .worker)
                return nil
            } catch {
                return error.problems.map(\.description).joined(separator: "; ")
            }
        }
        #expect(
            problem("/no/such/file")
                == "\(name)=\"/no/such/file\" (environment): cannot be read: No such file or directory"
        )
        #expect(problem("/tmp") == "\(name)=\"/tmp\" (environment): is no regular file")
        #expect(problem("/dev/null") == "\(name)=\"/dev/null\" (environment): is no regular file")
    }
}
