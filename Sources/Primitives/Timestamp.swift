/// A point in time with nanoseconds, as Docker and Redis tell it.
///
/// Foundation's `Date` is a `Double` and loses nanoseconds; Docker's clock and the cursor of its
/// event stream need all of them, so seconds and nanoseconds stay integers here.
public struct Timestamp: Sendable, Hashable {
    /// Whole seconds since 1970-01-01T00:00:00Z, negative before it.
    public let seconds: Int64
    /// Nanoseconds within the second, 0 to 999,999,999.
    public let nanoseconds: Int32

    /// A point in time from whole seconds and the nanoseconds after them.
    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        precondition((0..<1_000_000_000).contains(nanoseconds), "nanoseconds must lie within one second")
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// A point in time from nanoseconds since 1970, the unit of `timeNano` in Docker's events.
    public init(nanosecondsSinceEpoch total: Int64) {
        let (quotient, remainder) = total.quotientAndRemainder(dividingBy: 1_000_000_000)
        let borrows = remainder < 0
        self.init(
            seconds: borrows ? quotient - 1 : quotient,
            nanoseconds: Int32(borrows ? remainder + 1_000_000_000 : remainder)
        )
    }

    /// A point in time from milliseconds since 1970, the unit of the clock that the Redis scripts share.
    public init(millisecondsSinceEpoch total: Int64) {
        let (quotient, remainder) = total.quotientAndRemainder(dividingBy: 1_000)
        let borrows = remainder < 0
        self.init(
            seconds: borrows ? quotient - 1 : quotient,
            nanoseconds: Int32(borrows ? remainder + 1_000 : remainder) * 1_000_000
        )
    }

    /// Nanoseconds since 1970, held at the bounds of `Int64` (the years 1677 and 2262).
    public var nanosecondsSinceEpoch: Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(Int64(nanoseconds))
        return carried ? .max : sum
    }

    /// Whole milliseconds since 1970, rounded towards the past, held at the bounds of `Int64`.
    public var millisecondsSinceEpoch: Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        if overflow { return seconds < 0 ? .min : .max }
        return product + Int64(nanoseconds / 1_000_000)
    }

    /// This point moved by `duration`, towards the past where it is negative.
    public func advanced(by duration: Duration) -> Timestamp {
        let (wholeSeconds, attoseconds) = duration.components
        var sum = Int64(nanoseconds) + attoseconds / 1_000_000_000
        var carried = seconds + wholeSeconds
        if sum < 0 {
            sum += 1_000_000_000
            carried -= 1
        } else if sum >= 1_000_000_000 {
            sum -= 1_000_000_000
            carried += 1
        }
        return Timestamp(seconds: carried, nanoseconds: Int32(sum))
    }
}

extension Timestamp: Comparable {
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
