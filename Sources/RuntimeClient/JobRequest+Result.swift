public import JobContract

extension JobRequest {
    /// Verifies that a result belongs to this request, not to an earlier job with the same id.
    ///
    /// - Parameter result: the result or the record of the request's ``id``.
    /// - Returns: the result.
    /// - Throws: ``ClientError/idReused(id:asked:known:)`` if the kind or the game differs. The result of a rejected
    ///   message may lack both; the function accepts such a result.
    public func accept(_ result: JobResult) throws(ClientError) -> JobResult {
        let (knownKind, knownGame) = (result.fields["kind"] ?? kind.rawValue, result.gameID ?? gameID)
        guard knownKind == kind.rawValue, knownGame == gameID else {
            throw .idReused(
                id: id,
                asked: "\(kind.rawValue) of \(gameID)",
                known: "\(knownKind) of \(knownGame)"
            )
        }
        return result
    }
}
