import Primitives
import Testing

@Suite("Digests")
struct DigestTests {
    @Test("agree with FIPS 180: SHA-1 and SHA-256 of nothing, of abc, and of a million times a")
    func vectors() {
        let many = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(Hex.string(Digest.sha1([])) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(Hex.string(Digest.sha1("abc".utf8)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(Hex.string(Digest.sha1(many)) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
        #expect(
            Hex.string(Digest.sha256([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
        #expect(
            Hex.string(Digest.sha256("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(
            Hex.string(Digest.sha256(many[...])) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        )
    }

    @Test("authentication codes agree with RFC 4231, cases 2 and 6")
    func codes() {
        let code = Digest.sha256.authenticationCode(
            of: Array("what do ya want for nothing?".utf8),
            secret: Secret("Jefe".utf8)
        )
        #expect(Hex.string(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        let long = Digest.sha256.authenticationCode(
            of: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            secret: Secret([UInt8](repeating: 0xAA, count: 131))
        )
        #expect(Hex.string(long) == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("a code is accepted for its bytes and its secret only")
    func verified() {
        let (bytes, secret) = (Array("job".utf8), Secret("0123456789abcdef".utf8))
        let code = Digest.sha256.authenticationCode(of: bytes, secret: secret)
        #expect(Digest.sha256.isAuthenticationCode(code, of: bytes, secret: secret))
        #expect(!Digest.sha256.isAuthenticationCode(code, of: Array("jobs".utf8), secret: secret))
        #expect(!Digest.sha256.isAuthenticationCode(code, of: bytes, secret: Secret("0123456789abcdeg".utf8)))
        #expect(!Digest.sha256.isAuthenticationCode(Array(code.dropLast()), of: bytes, secret: secret))
        #expect(!Digest.sha256.isAuthenticationCode([], of: bytes, secret: secret))
    }

    @Test("a secret appears in no description")
    func secret() {
        let secret = Secret("correct horse".utf8)
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped] {
            #expect(!text.contains("99") && !text.contains("correct"), "\(text)")
        }
    }
}
