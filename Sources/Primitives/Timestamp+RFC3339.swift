extension Timestamp {
    /// Parses an RFC 3339 date and time: `2026-05-04T03:02:01.123456789Z`, with 0 to 9 digits of
    /// fraction and `Z` or a numeric offset. A leap second counts as the first second after it.
    ///
    /// Answers `nil` for anything else, also for days that the calendar does not have, and for instants that lie
    /// outside of the years 0 to 9999 in UTC.
    public init?(rfc3339 text: some StringProtocol) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard let year = reader.number(digits: 4), reader.take(UInt8(ascii: "-")),
            let month = reader.number(digits: 2), reader.take(UInt8(ascii: "-")),
            let day = reader.number(digits: 2), reader.take(oneOf: "Tt "),
            let hour = reader.number(digits: 2), reader.take(UInt8(ascii: ":")),
            let minute = reader.number(digits: 2), reader.take(UInt8(ascii: ":")),
            let second = reader.number(digits: 2)
        else { return nil }
        guard (1...12).contains(month), (1...daysInMonth(month, year: year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var nanoseconds = 0
        if reader.take(UInt8(ascii: ".")) {
            guard let fraction = reader.fraction(maximumDigits: 9) else { return nil }
            nanoseconds = fraction
        }
        guard let offset = reader.offset(), reader.atEnd else { return nil }
        let days = daysSinceEpoch(year: year, month: month, day: day)
        let secondOfDay = Int64(hour * 3600 + minute * 60 + second)
        let seconds = days * 86_400 + secondOfDay - Int64(offset)
        // In UTC it may lie in a year that four digits cannot write.
        guard Self.writable.contains(seconds) else { return nil }
        self.init(seconds: seconds, nanoseconds: Int32(nanoseconds))
    }

    /// Seconds from the first of year 0 to the last of year 9999.
    private static let writable = -62_167_219_200...253_402_300_799 as ClosedRange<Int64>

    /// RFC 3339 in UTC with nine digits of fraction: `2026-05-04T03:02:01.123456789Z`.
    public var rfc3339: String { rfc3339(fractionDigits: 9) }

    /// RFC 3339 in UTC with 0 to 9 digits of fraction, cut, not rounded.
    public func rfc3339(fractionDigits: Int) -> String {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let secondOfDay = Int(seconds - days * 86_400)
        let (year, month, day) = civil(daysSinceEpoch: days)
        var text = ""
        text.reserveCapacity(30)
        text.append(padded: year, to: 4)
        text.append("-")
        text.append(padded: month, to: 2)
        text.append("-")
        text.append(padded: day, to: 2)
        text.append("T")
        text.append(padded: secondOfDay / 3600, to: 2)
        text.append(":")
        text.append(padded: secondOfDay / 60 % 60, to: 2)
        text.append(":")
        text.append(padded: secondOfDay % 60, to: 2)
        let digits = min(max(fractionDigits, 0), 9)
        if digits > 0 {
            var fraction = Int(nanoseconds)
            for _ in digits..<9 { fraction /= 10 }
            text.append(".")
            text.append(padded: fraction, to: digits)
        }
        text.append("Z")
        return text
    }
}

extension Timestamp: CustomStringConvertible {
    public var description: String { rfc3339 }
}

extension String {
    fileprivate mutating func append(padded number: Int, to width: Int) {
        let digits = String(number)
        for _ in 0..<max(0, width - digits.utf8.count) { append("0") }
        append(digits)
    }
}

/// Reads fixed-width numbers from bytes; every step answers nil or false at the first surprise.
private struct DigitReader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var atEnd: Bool { position == bytes.count }

    mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func take(oneOf choices: StaticString) -> Bool {
        guard position < bytes.count else { return false }
        let wanted = bytes[position]
        let found = choices.withUTF8Buffer { $0.contains(wanted) }
        if found { position += 1 }
        return found
    }

    private mutating func digit() -> Int? {
        guard position < bytes.count, (48...57).contains(bytes[position]) else { return nil }
        defer { position += 1 }
        return Int(bytes[position] - 48)
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    mutating func fraction(maximumDigits: Int) -> Int? {
        var value = 0
        var count = 0
        while count < maximumDigits, let digit = digit() {
            value = value * 10 + digit
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in count..<maximumDigits { value *= 10 }
        return value
    }

    /// Seconds east of Greenwich.
    mutating func offset() -> Int? {
        if take(oneOf: "Zz") { return 0 }
        let sign: Int
        if take(UInt8(ascii: "+")) {
            sign = 1
        } else if take(UInt8(ascii: "-")) {
            sign = -1
        } else {
            return nil
        }
        guard let hours = number(digits: 2), take(UInt8(ascii: ":")), let minutes = number(digits: 2),
            hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}

private func daysInMonth(_ month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days of the proleptic Gregorian calendar since 1970-01-01. The year is made to begin in March,
/// so that the leap day is the last of its year and months follow one linear rule.
private func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Int64(era) * 146_097 + Int64(dayOfEra) - 719_468
}

private func civil(daysSinceEpoch days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}
