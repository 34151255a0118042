import RuntimeClient

/// The result of a backward search in streams, within a bound.
package struct StreamSearch: Sendable, Equatable {
    /// The matching entries, the oldest first.
    package var found: [StreamEntry] = []
    /// The time of the oldest entry read, in milliseconds since 1970; nil: the search left nothing out.
    package var searchedBackTo: Int64?

    /// Reads each stream backwards from its end.
    ///
    /// - Parameters:
    ///   - most: The approximate largest number of entries to read, for each stream.
    ///   - wanted: The number of matching entries at which the search of a stream ends.
    ///   - notBefore: The oldest time of interest, in milliseconds since 1970.
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

    /// Returns the latest entries of all streams together, without holes: none of a stream is missing between two others.
    package func latest(_ limit: Int) -> StreamSearch {
        guard found.count > limit else { return self }
        var search = self
        search.found = Array(found.suffix(limit))
        search.searchedBackTo = search.found.first?.writtenAt ?? searchedBackTo
        return search
    }
}
