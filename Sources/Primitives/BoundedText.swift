extension StringProtocol {
    /// Returns the longest prefix of at most `limit` UTF-8 bytes that ends between two Unicode scalars.
    ///
    /// The limit counts bytes like streams and logs: a single character may have thousands of bytes.
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
