/// Waits until `condition` holds, looking every few milliseconds; false where it does not within `limit`.
package func eventually(
    within limit: Duration = .seconds(10),
    every pause: Duration = .milliseconds(10),
    _ condition: @Sendable () async throws -> Bool
) async throws -> Bool {
    let end = ContinuousClock.now.advanced(by: limit)
    while true {
        if try await condition() { return true }
        guard ContinuousClock.now < end else { return false }
        try await Task.sleep(for: pause)
    }
}
