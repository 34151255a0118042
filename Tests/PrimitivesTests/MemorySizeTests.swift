import Primitives
import Testing

@Suite("An amount of memory")
struct MemorySizeTests {
    @Test(
        "is a whole number and a unit",
        arguments: [
            ("0", 0), ("6291456", 6_291_456), ("6291456b", 6_291_456), ("1B", 1), ("512k", 524_288),
            ("512kb", 524_288), ("512m", 536_870_912), ("512M", 536_870_912), ("512MB", 536_870_912),
            ("1g", 1_073_741_824), ("1Gb", 1_073_741_824), ("0512m", 536_870_912),
            ("9223372036854775807", Int64.max), ("8589934591g", 9_223_372_035_781_033_984),
        ] as [(String, Int64)]
    )
    func reads(text: String, bytes: Int64) {
        #expect(MemorySize(text)?.bytes == bytes)
        #expect(MemorySize(text)?.text == text)
    }

    @Test(
        "is refused in any other form",
        arguments: [
            "", "m", "1.5g", "-1", "+1", " 1", "1 ", "1 m", "1mib", "1MiB", "1t", "1bb", "1mbb", "0x10", "1e3", "١",
            "9223372036854775808", "8589934592g", "99999999999999999999", "1\u{301}", "1m\0",
        ]
    )
    func refuses(text: String) {
        #expect(MemorySize(text) == nil)
    }

    @Test(
        "is written in the unit of another amount, rounded down",
        arguments: [
            ("25325268992", "24g", "23.58g"), ("1g", "1025m", "1024m"), ("1g", "1073741825", "1073741824"),
            ("1536m", "2G", "1.50G"), ("1100m", "2g", "1.07g"), ("9223372036854775807", "1k", "9007199254740991.99k"),
        ]
    )
    func unit(amount: String, other: String, text: String) throws {
        #expect(try #require(MemorySize(amount)).text(inUnitOf: try #require(MemorySize(other))) == text)
    }

    @Test("is written in MiB") func mebibytes() { #expect(MemorySize(mebibytes: 512) == MemorySize("512m")) }
}
