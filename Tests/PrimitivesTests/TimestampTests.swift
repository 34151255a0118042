import Testing

@testable import Primitives

@Suite("A point in time")
struct TimestampTests {
    @Test(
        "reads every format that Docker prints",
        arguments: [
            ("2026-05-04T03:02:01Z", 1_777_863_721, 0),
            ("2026-05-04T03:02:01.5Z", 1_777_863_721, 500_000_000),
            ("2026-05-04T03:02:01.123456789Z", 1_777_863_721, 123_456_789),
            ("2026-05-04T03:02:01.05Z", 1_777_863_721, 50_000_000),
            ("2026-05-04T05:02:01+02:00", 1_777_863_721, 0),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
            ("1969-12-31T23:59:59.999999999Z", -1, 999_999_999),
            ("2024-02-29T00:00:00Z", 1_709_164_800, 0),
        ] as [(String, Int64, Int32)]
    )
    func reads(text: String, seconds: Int64, nanoseconds: Int32) {
        #expect(Timestamp(rfc3339: text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(
        "refuses invalid dates",
        arguments: [
            "", "2026", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-05-04T24:00:00Z",
            "2026-05-04T03:02:01", "2026-05-04T03:02:01.Z", "2026-05-04T03:02:01.1234567890Z",
            "2026-05-04T03:02:01Zx", "2026-05-04T03:02:01+2:00", "20260504T030201Z", "+026-05-04T03:02:01Z",
            "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "0000-01-01T00:00:00+00:01",
        ]
    )
    func refuses(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("writes what it reads, for every day of 800 years")
    func roundTrip() {
        var mismatches = 0
        for day in stride(from: Int64(-140_000), to: 152_194, by: 1) {
            let point = Timestamp(seconds: day * 86_400 + 12_345, nanoseconds: 7)
            if Timestamp(rfc3339: point.rfc3339) != point { mismatches += 1 }
        }
        #expect(mismatches == 0)
    }

    @Test("counts milliseconds and nanoseconds on both sides of 1970")
    func units() {
        #expect(Timestamp(nanosecondsSinceEpoch: -1) == Timestamp(seconds: -1, nanoseconds: 999_999_999))
        #expect(Timestamp(millisecondsSinceEpoch: 1_500) == Timestamp(seconds: 1, nanoseconds: 500_000_000))
        #expect(Timestamp(millisecondsSinceEpoch: -1).millisecondsSinceEpoch == -1)
        #expect(Timestamp(seconds: 1, nanoseconds: 5).nanosecondsSinceEpoch == 1_000_000_005)
        #expect(
            Timestamp(seconds: 3).advanced(by: .milliseconds(-2_500)) == Timestamp(seconds: 0, nanoseconds: 500_000_000)
        )
        #expect(Timestamp(seconds: 3).rfc3339(fractionDigits: 3) == "1970-01-01T00:00:03.000Z")
    }
}
