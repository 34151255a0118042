import Primitives
import Testing

@Suite("The classes of ASCII bytes")
struct ASCIITests {
    @Test("hold for ASCII and for no other byte")
    func classes() {
        func members(_ isMember: (UInt8) -> Bool) -> String {
            String(decoding: (UInt8.min...UInt8.max).filter(isMember), as: UTF8.self)
        }
        let (digits, lower, upper) = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        #expect(members(\.isDigit) == digits)
        #expect(members(\.isLower) == lower)
        #expect(members(\.isUpper) == upper)
        #expect(members(\.isLowerOrDigit) == digits + lower)
        #expect(members(\.isLetterOrDigit) == digits + upper + lower)
        #expect(members(\.isLowerHexDigit) == digits + "abcdef")
    }
}
