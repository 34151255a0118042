extension StringProtocol {
    /// The longest beginning that has at most `limit` bytes of UTF-8 and ends between two Unicode scalars.
    ///
    /// Bytes, since that is what streams and logs hold: one character may have thousands of them.
    package func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return String(self) }
        var cut = ""
        var bytes = 0
        for scalar in unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= limit else { break }
            cut.unicodeScalars.append(scalar)
        }
        return cut
    }
}

/// Bounds of the sentences for persons that are published.
package enum Sentence {
    /// Most bytes of an `error` in results, dead letters and records of jobs.
    package static let maximumBytes = 1_024
}
