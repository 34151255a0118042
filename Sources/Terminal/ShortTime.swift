import Primitives

/// Short texts for times, for a person at a terminal.
package enum ShortTime {
    /// Returns a duration as `350ms`, `12s`, `3m12s`, `2h05m` or `4d3h`. A negative duration counts as zero.
    package static func span(milliseconds: Int64) -> String {
        Duration.milliseconds(milliseconds).coarseText
    }

    /// Returns the duration from `begin` to `end`.
    package static func span(from begin: Timestamp, to end: Timestamp) -> String {
        span(milliseconds: end.millisecondsSinceEpoch - begin.millisecondsSinceEpoch)
    }

    /// Returns a time in UTC as `2026-05-04 03:02:01.123`.
    package static func stamp(_ time: Timestamp) -> String {
        String(time.rfc3339(fractionDigits: 3).dropLast()).replacing("T", with: " ")
    }

    /// Returns the time of the day in UTC as `03:02`.
    package static func clock(_ time: Timestamp) -> String { String(stamp(time).dropFirst(11).prefix(5)) }
}

/// Short texts for amounts of bytes, for a person.
package enum ShortSize {
    /// Returns an amount as `512 B`, `1.4 MB` or `2.0 GB`. Units are powers of 1,000.
    package static func text(_ bytes: Int64) -> String {
        var amount = Double(bytes)
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB"]
        // An amount that rounds to 1,000.0 gets the next unit.
        while amount >= (unit == 0 ? 1_000 : 999.95), unit < units.count - 1 {
            amount /= 1_000
            unit += 1
        }
        if unit == 0 { return "\(bytes) B" }
        let tenths = Int64((amount * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}

/// Short texts for numbers of things, for a person.
package enum ShortCount {
    /// Returns the number with the right noun, such as `1 job` or `1,234 jobs`.
    package static func text(_ number: Int, _ singular: String, _ plural: String) -> String {
        "\(TextTable.grouped(number)) \(number == 1 ? singular : plural)"
    }
}
