import Foundation

/// A certificate authority of one test, made by `openssl`.
package struct TestAuthority: Sendable {
    package let directory: String

    /// The authority's own certificate, in PEM.
    package var file: String { directory + "/ca.pem" }

    /// Runs `body` with an authority, and deletes its files in the end.
    package static func with<R>(_ body: (TestAuthority) async throws -> R) async throws -> R {
        let authority = TestAuthority(directory: try temporaryDirectory("tls"))
        defer { try? FileManager.default.removeItem(atPath: authority.directory) }
        try await authority.openssl(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "10",
            "-subj",
            "/CN=test authority",
            "-keyout",
            authority.directory + "/ca.key",
            "-out",
            authority.file
        )
        return try await body(authority)
    }

    /// Makes a key and a certificate, or replaces those of the same file name.
    ///
    /// - Parameters:
    ///   - names: The certificate's names, as `DNS:localhost`.
    ///   - begin: The begin of its validity, as `date` reads it: `-1 day`.
    ///   - end: The end of its validity.
    package func sign(
        _ file: String,
        names: String,
        from begin: String,
        to end: String
    ) async throws -> (certificate: String, key: String) {
        let (certificate, key, request) = (
            "\(directory)/\(file).pem", "\(directory)/\(file).key", "\(directory)/request"
        )
        try await openssl(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=\(file)",
            "-keyout",
            key + ".new",
            "-out",
            request
        )
        try "".write(toFile: directory + "/index.txt", atomically: true, encoding: .utf8)
        let lines = """
            [ca]
            default_ca = it
            [it]
            database = \(directory)/index.txt
            new_certs_dir = \(directory)
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = names
            [any]
            commonName = supplied
            [names]
            subjectAltName = \(names)
            """
        try lines.write(toFile: directory + "/ca.conf", atomically: true, encoding: .utf8)
        try await openssl(
            "ca",
            "-batch",
            "-notext",
            "-config",
            directory + "/ca.conf",
            "-cert",
            self.file,
            "-keyfile",
            directory + "/ca.key",
            "-in",
            request,
            "-out",
            certificate + ".new",
            "-startdate",
            try await date(begin),
            "-enddate",
            try await date(end)
        )
        for path in [certificate, key] {
            guard rename(path + ".new", path) == 0 else { throw Overdue("\(path) could not be replaced") }
        }
        return (certificate, key)
    }

    private func date(_ words: String) async throws -> String {
        let text = try await Tool.run(["date", "--utc", "--date", words, "+%Y%m%d%H%M%SZ"])
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func openssl(_ words: String...) async throws { try await Tool.run(["openssl"] + words) }
}
