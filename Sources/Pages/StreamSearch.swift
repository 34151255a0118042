import RuntimeClient

/// What was found by reading streams backwards, no further than a bound.
package struct StreamSearch: Sendable, Equatable {
    /// The oldest first.
    package var found: [StreamEntry] = []
    /// Time of the oldest entry that was looked at, in ms since 1970, where older ones were not; nil: all were.
    package var searchedBackTo: Int64?

    /// Reads each stream from its end.
    ///
    /// - Parameters:
    ///   - most: entries of each stream that are looked at, at most about so many.
    ///   - wanted: entries of each stream that are enough.
    ///   - notBefore: older entries are of no interest; ms since 1970.
    package static func run(
        _ client: RuntimeClient,
        streams: [PublicStream] = PublicStream.allCases,
        most: Int,
        wanted: Int = .max,
        notBefore: Int64? = nil,
        _ matches: (StreamEntry) -> Bool
    ) async throws -> StreamSearch {
        var search = StreamSearch()
        for stream in streams {
            var before: String?
            var seen = 0
            var found = 0
            while true {
                let page = try await client.entries(of: stream, before: before, limit: 1_000)
                guard let last = page.last else { break }
                let matching = page.filter(matches).prefix(wanted - found)
                search.found += matching
                found += matching.count
                seen += page.count
                before = last.id
                if let notBefore, last.writtenAt < notBefore { break }
                if seen >= most || found >= wanted {
                    search.searchedBackTo = max(search.searchedBackTo ?? 0, last.writtenAt)
                    break
                }
            }
        }
        search.found.sort { ($0.writtenAt, $0.stream.rawValue, $0.id) < ($1.writtenAt, $1.stream.rawValue, $1.id) }
        return search
    }
}
