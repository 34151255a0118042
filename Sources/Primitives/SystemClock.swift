#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The wall clock of this machine.
package enum SystemClock {
    package static func now() -> Timestamp {
        // A Date has the nanoseconds to about 200, which is enough for a log, a page and a delay.
        Timestamp(nanosecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1_000_000_000))
    }
}
