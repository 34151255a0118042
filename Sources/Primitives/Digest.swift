import CLibcrypto

/// Digests of bytes, by OpenSSL's libcrypto.
package struct Digest: Sendable {
    /// Writes the digest of some bytes. Returns 1.
    private let write: @Sendable (UnsafeRawPointer?, Int, UnsafeMutablePointer<UInt8>?) -> Int32
    /// Returns libcrypto's description of the algorithm.
    private let algorithm: @Sendable () -> OpaquePointer?
    /// The size of a digest in bytes.
    private let size: Int

    /// SHA-1: for names of bytes, and never for security.
    package static let sha1 = Digest(write: { rtm_sha1($0, $1, $2) }, algorithm: { EVP_sha1() }, size: 20)
    /// SHA-256.
    package static let sha256 = Digest(write: { rtm_sha256($0, $1, $2) }, algorithm: { EVP_sha256() }, size: 32)

    /// Returns the digest of `bytes`.
    package func callAsFunction(_ bytes: some Collection<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: size) { digest, count in
            let isDone = Self.withBytes(of: bytes) { write($0.baseAddress, $0.count, digest.baseAddress) }
            precondition(isDone == 1, "libcrypto makes no digest")
            count = size
        }
    }

    /// Returns the authentication code (HMAC, RFC 2104) of `bytes` under a secret.
    package func authenticationCode(of bytes: [UInt8], secret: Secret) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: size) { code, count in
            let (key, keySize) = (secret.bytes, Int32(secret.bytes.count))
            let result = HMAC(algorithm(), key, keySize, bytes, bytes.count, code.baseAddress, nil)
            precondition(result != nil, "libcrypto makes no authentication code: out of memory")
            count = size
        }
    }

    /// Returns whether `code` is the authentication code of `bytes` under a secret. Takes the same time for every wrong
    /// code, so that nobody learns a code byte by byte.
    package func isAuthenticationCode(_ code: [UInt8], of bytes: [UInt8], secret: Secret) -> Bool {
        code.count == size && CRYPTO_memcmp(code, authenticationCode(of: bytes, secret: secret), size) == 0
    }

    private static func withBytes(
        of bytes: some Collection<UInt8>,
        _ body: (UnsafeBufferPointer<UInt8>) -> Int32
    ) -> Int32 {
        bytes.withContiguousStorageIfAvailable(body) ?? Array(bytes).withUnsafeBufferPointer(body)
    }
}
