import Primitives
import Testing

@Suite("The log of an outage")
struct OutageLogTests {
    @Test("has a warning at the begin, a reminder a minute later, and a line at the end")
    func lines() {
        var log = OutageLog()
        var ends = [log.succeeded(at: .seconds(1))]
        let warned = (10..<140).filter { log.failed(at: .seconds($0)) }
        #expect(warned == [10, 70, 130])
        for second in [141, 142] { ends.append(log.succeeded(at: .seconds(second))) }
        #expect(ends == [nil, .seconds(131), nil])
    }

    @Test("has a warning for the next outage, however soon after the last warning")
    func next() {
        var log = OutageLog()
        let first = log.failed(at: .seconds(10))
        let end = log.succeeded(at: .seconds(11))
        let second = log.failed(at: .seconds(16))
        #expect(first && second && end == .seconds(1))
    }

    @Test("stays short if attempts succeed and fail in turn")
    func flapping() {
        var log = OutageLog()
        var lines: [String] = []
        for second in 0..<100 {
            if log.failed(at: .seconds(second)) { lines.append("\(second) failed") }
            if log.succeeded(at: .seconds(second) + .milliseconds(500)) != nil { lines.append("\(second) again") }
        }
        #expect(lines == ["0 failed", "0 again", "60 failed", "60 again"])
    }
}
