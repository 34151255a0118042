/// The logged-in people, by the random values of their cookies.
///
/// The table is bounded: a new session replaces the oldest one.
struct SessionTable: Equatable {
    typealias Instant = ContinuousClock.Instant

    struct Session: Equatable {
        var access: Access
        /// The person's own name; empty: none.
        var name: String
        /// The secret of the person's forms. Other sites cannot read it, so they cannot forge a form.
        var formSecret: String
        var since: Instant
    }

    /// The largest number of sessions.
    static let limit = 1_000
    /// The lifetime of a session.
    static let longest = Duration.seconds(12 * 3_600)

    private var sessions: [String: Session] = [:]
    /// The cookies, the oldest first.
    private var order: [String] = []

    var count: Int { sessions.count }

    mutating func open(_ cookie: String, _ session: Session) {
        if order.count >= Self.limit { close(order[0]) }
        sessions[cookie] = session
        order.append(cookie)
    }

    mutating func close(_ cookie: String) {
        guard sessions.removeValue(forKey: cookie) != nil else { return }
        order.removeAll { $0 == cookie }
    }

    /// Returns the session of a cookie; nil: there is none, or it has ended.
    func session(_ cookie: String, now: Instant) -> Session? {
        guard let session = sessions[cookie], session.since.advanced(by: Self.longest) > now else { return nil }
        return session
    }
}

/// Random secrets of 256 bits.
enum RandomSecret {
    static func make() -> String {
        (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined(separator: "-")
    }
}
