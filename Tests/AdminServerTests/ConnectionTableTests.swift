import Foundation
import Glibc
import Logging
import Support
import Synchronization
import Testing

@testable import AdminServer
@testable import Observability

@Suite("The table of connections")
struct ConnectionTableTests {
    private let start = ContinuousClock.now

    private func table(_ count: Int) -> ConnectionTable {
        var table = ConnectionTable(limit: 3, patience: .seconds(1))
        for id in 0..<count { #expect(table.opened(id, now: start) == nil) }
        return table
    }

    @Test("a new connection replaces the connection that has been silent longest")
    func silent() {
        var table = table(3)
        table.began(0, now: start)
        table.answered(0, now: start)
        #expect(table.opened(3, now: start) == 1)
        #expect(table.opened(4, now: start) == 2)
        #expect(table.opened(5, now: start) == 0)
        #expect(table.count == 3)
    }

    @Test("a connection with a request in progress stays, unless the request takes too long")
    func busy() {
        var table = table(3)
        for id in 0..<3 { table.began(id, now: start) }
        #expect(table.opened(3, now: start) == 3)
        #expect(table.count == 3)
        #expect(table.opened(4, now: start.advanced(by: .seconds(2))) == 0)
        #expect(table.count == 3)
    }

    @Test("a closed connection frees its slot; the end of a replaced connection changes nothing")
    func ends() {
        var table = table(3)
        table.closed(1)
        #expect(table.opened(3, now: start) == nil)
        #expect(table.opened(4, now: start) == 0)
        table.closed(0)
        #expect(table.count == 3)
    }
}
