import JobContract
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The content of files named by settings.
extension Settings {
    /// The largest size of a password file, in bytes.
    private static let mostPasswordBytes = 4_096

    /// Returns the password in a file, without a line end at the end of the file.
    static func password(inFile path: String, of setting: String) throws(CommandError) -> String {
        guard var bytes = FileManager.default.contents(atPath: path).map(Array.init) else {
            throw .wrongUse("\(setting) \(path): cannot be read")
        }
        guard bytes.count <= mostPasswordBytes else {
            throw .wrongUse("\(setting) \(path): has more than \(mostPasswordBytes) bytes")
        }
        if bytes.last == 0x0A { bytes.removeLast(bytes.suffix(2).first == 0x0D && bytes.count > 1 ? 2 : 1) }
        guard !bytes.isEmpty, let password = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw .wrongUse("\(setting) \(path): the password must not be empty and must be UTF-8 without NUL")
        }
        return password
    }

    /// Returns the token required in HTTP requests; nil: no token is required.
    package func httpToken() throws(CommandError) -> String? {
        try Self.token(inFile: httpTokenFile, of: "RTM_HTTP_TOKEN_FILE")
    }

    /// Returns the token of callers that only read; nil: there is none.
    package func httpReadToken() throws(CommandError) -> String? {
        try Self.token(inFile: httpReadTokenFile, of: "RTM_HTTP_READ_TOKEN_FILE")
    }

    private static func token(inFile path: String?, of setting: String) throws(CommandError) -> String? {
        guard let path else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .wrongUse("\(setting) \(path): cannot be read")
        }
        let token = String(decoding: data, as: UTF8.self).filter { !$0.isNewline }
        guard token.utf8.count >= 8, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .wrongUse(
                "\(setting) \(path): the token must have at least 8 printable ASCII characters, and no space"
            )
        }
        return token
    }

    /// Returns the keys for the fleet's job signatures; nil: jobs are not signed.
    package func signingKeys() throws(CommandError) -> SigningKeys? {
        guard let path = signingKeyFile else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .wrongUse("RTM_SIGNING_KEY_FILE \(path): cannot be read")
        }
        do throws(SigningKeys.Problem) {
            return try SigningKeys(lines: Array(data))
        } catch {
            throw .wrongUse("RTM_SIGNING_KEY_FILE \(path): \(error)")
        }
    }

    package func signer() throws(CommandError) -> JobSigner? {
        try signingKeys().map { JobSigner($0, namespace: namespace) }
    }
}
