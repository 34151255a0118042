import QueueAdmin
import Testing

@testable import Pages
@testable import Terminal

@Suite("What people have done")
struct AuditPageTests {
    private static func entry(_ id: String, _ action: String, _ target: String, _ outcome: String) -> AuditEntry {
        var entry = AuditEntry(
            who: "ada",
            address: "admin-host-1.example",
            worker: "",
            action: action,
            target: target,
            outcome: outcome
        )
        entry.entry = id
        return entry
    }

    private static let found = [
        entry("90000-0", "move", "defualt to default", "12 messages are moved from defualt to default"),
        entry(
            "40000-0",
            "drop",
            "1777863721007-0 job-1, 1777863721008-0 job-2, 1777863721009-0 job-3",
            "3 dead letters are dropped"
        ), entry("30000-1", "pause", "default", "default is paused"),
    ]

    private func text(_ width: Int?, _ part: StreamPart = .latest, size: Int = 2) -> String {
        AuditPage(Self.found, part, size: size).lines(on: Surface(width: width), now: 100_000).joined(by: "\n").text
    }

    @Test("on a wide terminal each action has its machine and its time")
    func wide() {
        let lines = text(nil, size: 3).split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true)
        }
        #expect(lines[0].joined(separator: " ") == "AGO WHO ACTION TARGET FROM TIME OUTCOME")
        #expect(
            lines[3].joined(separator: " ")
                == "1m10s ada pause default admin-host-1.example 1970-01-01 00:00:30.000 default is paused"
        )
    }

    @Test("on 80 columns the outcome goes on below")
    func eighty() {
        #expect(
            text(80) == """
                  AGO  WHO  ACTION  TARGET                         FROM                  OUTCOME
                  10s  ada  move    defualt to default             admin-host-1.example
                    12 messages are moved from defualt to default
                1m00s  ada  drop    1777863721007-0 job-1, 17778…  admin-host-1.example
                    3 dead letters are dropped
                older actions: rtmanager audit --before 40000-0
                """
        )
    }

    @Test("on 60 columns nothing is wider")
    func sixty() {
        #expect(
            text(60) == """
                  AGO  WHO  ACTION  TARGET                FROM       OUTCOME
                  10s  ada  move    defualt to default    admin-ho…
                    12 messages are moved from defualt to default
                1m00s  ada  drop    1777863721007-0 job…  admin-ho…
                    3 dead letters are dropped
                older actions: rtmanager audit --before 40000-0
                """
        )
    }

    @Test("a part in the middle leads to both sides")
    func parts() {
        let lines = text(80, .before("95000-0")).split(separator: "\n").suffix(2)
        #expect(
            lines == [
                "newer actions: rtmanager audit --after 90000-0", "older actions: rtmanager audit --before 40000-0",
            ]
        )
        #expect(text(80, size: 3).contains("actions:") == false)
    }

    @Test("an entry for machines")
    func json() {
        #expect(
            Self.found[2].json.text == #"{"entry":"30000-1","at":"1970-01-01T00:00:30.000Z","who":"ada","address":"#
                + #""admin-host-1.example","worker":"","action":"pause","target":"default","outcome":"default is paused"}"#
        )
    }
}
