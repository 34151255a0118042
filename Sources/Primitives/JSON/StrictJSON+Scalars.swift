extension StrictJSON {
    /// The position of a string's characters, which are valid UTF-8.
    struct StringPlace {
        /// The bytes of the string as written, without the quotation marks.
        let range: Range<Int>
        /// Whether the string contains escapes. If so, `unescaped` holds the characters of a kept string.
        let isEscaped: Bool
    }

    /// Reads the string at the position. Only a kept string with escapes changes `unescaped`.
    mutating func string(keeps: Bool) throws(JSONError) -> StringPlace {
        position += 1
        let start = position
        var bits = skipPlain()
        let isEscaped = current == UInt8(ascii: "\\")
        if isEscaped, keeps { unescaped.removeAll(keepingCapacity: true) }
        var copied = start
        while current == UInt8(ascii: "\\") {
            if keeps, copied < position { unescaped.append(contentsOf: bytes[copied..<position]) }
            position += 1
            let scalar = try escape()
            if keeps { keep(scalar) }
            copied = position
            bits |= skipPlain()
        }
        guard let byte = current else { throw failure("the text ends inside a string") }
        guard byte == UInt8(ascii: "\"") else { throw failure("a control character must be escaped in a string") }
        if isEscaped, keeps { unescaped.append(contentsOf: bytes[copied..<position]) }
        // An escape is a whole character. So the bytes between escapes must form whole characters, too.
        guard bits < 0x80 || isUTF8(UnsafeBufferPointer(rebasing: bytes[start..<position])) else {
            throw failure("a string is not UTF-8")
        }
        position += 1
        return StringPlace(range: start..<position - 1, isEscaped: isEscaped)
    }

    private mutating func keep(_ scalar: Unicode.Scalar) {
        guard scalar.isASCII else { return unescaped.append(contentsOf: scalar.utf8) }
        unescaped.append(UInt8(truncatingIfNeeded: scalar.value))
    }

    /// Skips characters without a special meaning in a string.
    ///
    /// - Returns: The bitwise OR of all skipped bytes. A result below 0x80 means ASCII only.
    private mutating func skipPlain() -> UInt8 {
        var bits: UInt8 = 0
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            bits |= byte
            position += 1
        }
        return bits
    }

    /// Returns the most recently kept string.
    func text(at place: StringPlace) -> String {
        place.isEscaped
            ? String(decoding: unescaped, as: UTF8.self)
            : String(decoding: UnsafeBufferPointer(rebasing: bytes[place.range]), as: UTF8.self)
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard let byte = current else { throw failure("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeScalar()
        default: throw failure("no such escape")
        }
    }

    private mutating func unicodeScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800...0xDBFF).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw failure("an unpaired surrogate")
        }
        let second = try hexadecimalUnit()
        guard (0xDC00...0xDFFF).contains(second) else { throw failure("an unpaired surrogate") }
        let code = 0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(code) else { throw failure("no such character") }
        return scalar
    }

    private mutating func hexadecimalUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Hex.value(byte) else {
                throw failure("four hexadecimal digits must follow \\u")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    /// Reads the number at the position. The value of a number that is not kept may be `null`.
    mutating func number(keeps: Bool) throws(JSONError) -> JSONValue {
        var number = WrittenNumber(start: position)
        number.isNegative = take(UInt8(ascii: "-"))
        if take(UInt8(ascii: "0")) {
            number.integerDigits = 1
        } else {
            number.integerDigits = digits(&number.digits)
            guard number.integerDigits > 0 else { throw failure("a digit must follow the sign") }
        }
        if take(UInt8(ascii: ".")) {
            number.isInteger = false
            number.fractionDigits = digits(&number.digits)
            guard number.fractionDigits > 0 else { throw failure("a digit must follow the point") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            number.isInteger = false
            var isNegative = false
            if !take(UInt8(ascii: "+")) { isNegative = take(UInt8(ascii: "-")) }
            var exponent: UInt64 = 0
            guard digits(&exponent) > 0 else { throw failure("a digit must follow the exponent's sign") }
            number.exponent = isNegative ? -Int(exponent) : Int(exponent)
        }
        if !keeps, number.fitsForSure { return .null }
        return try value(of: number)
    }

    private func value(of number: WrittenNumber) throws(JSONError) -> JSONValue {
        if let value = number.exactValue { return value }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[number.start..<position]), as: UTF8.self)
        if number.isInteger {
            if let integer = Int64(text) { return .integer(integer) }
        } else if let double = Double(text), double.isFinite {
            return .number(double)
        }
        throw failure("the number \(text.cut(toBytes: 32)) is out of range")
    }

    /// Skips digits and appends up to 18 digits to `value`. Returns the number of skipped digits.
    private mutating func digits(_ value: inout UInt64) -> Int {
        let start = position
        while let byte = current, (48...57).contains(byte) {
            // A value with more digits is never used as such, but must stay too large.
            value = value < WrittenNumber.limit ? value * 10 + UInt64(byte - 48) : value
            position += 1
        }
        return position - start
    }
}
