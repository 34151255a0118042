import Primitives
import Testing

@Suite("Hexadecimal digits")
struct HexTests {
    @Test("are written in lower case, two for each byte")
    func writes() {
        #expect(Hex.string([0x00, 0x0F, 0xA5, 0xFF]) == "000fa5ff")
        #expect(Hex.string([]) == "")
        #expect(Hex.string(0x1F as UInt64) == "000000000000001f")
        #expect(Hex.string(UInt64.max) == "ffffffffffffffff")
    }

    @Test("are read in both cases")
    func reads() {
        let all = Array(UInt8.min...UInt8.max)
        #expect(Hex.bytes(Hex.string(all)) == all)
        #expect(Hex.bytes(Hex.string(all).uppercased()) == all)
        for text in ["0", "0g", "+1", "０１", " 01"] { #expect(Hex.bytes(text) == nil) }
        let digits = all.filter { Hex.value($0) != nil }
        #expect(String(decoding: digits, as: UTF8.self) == "0123456789ABCDEFabcdef")
    }

    @Test("are a SHA-256 if there are 64 of them in lower case")
    func sha256() {
        let digest = String(repeating: "0f", count: 32)
        #expect(Hex.isSHA256(digest.utf8))
        for text in ["", digest + "0", String(digest.dropLast()), digest.uppercased(), "g" + digest.dropFirst()] {
            #expect(!Hex.isSHA256(text.utf8))
        }
    }
}
