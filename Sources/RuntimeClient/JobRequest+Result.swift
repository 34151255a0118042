public import JobContract

extension JobRequest {
    /// Checks that a result is of this request, and not of an earlier job with the same id.
    ///
    /// - Parameter result: the result or the record of the request's ``id``.
    /// - Returns: the result.
    /// - Throws: ``ClientError/idReused(id:asked:known:)`` if its kind or game is another. A result of a message that was
    ///   rejected may say neither; it is taken.
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
