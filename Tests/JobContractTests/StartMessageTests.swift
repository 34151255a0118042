import Testing

@testable import JobContract

@Suite("The start message that a restart takes over")
struct StartMessageTests {
    private let full = """
        {"v":1,"id":"s","kind":"start","game_id":"g","image":"reg.example/engine:2","pull_policy":"never",\
        "env":{"A":"1\\n\\"","B":"ü"},"cmd":["x","y z"],"labels":{"team":"blue"},\
        "limits":{"cpu_quota":0.5,"memory":"64m","pids_limit":7},\
        "bind_mounts":[{"host_path":"/srv/a","mount_path":"/a","read_only":true}],"ready_timeout_seconds":9}
        """

    private func job(_ text: String) throws -> Job {
        guard case .job(let job) = JobDecoder().decode(Array(text.utf8)) else {
            throw Problem()
        }
        return job
    }

    private struct Problem: Error {}

    @Test("has every field of the start", arguments: [true, false])
    func roundTrip(isFull: Bool) throws {
        let start = try job(isFull ? full : #"{"v":1,"id":"s","kind":"start","game_id":"g","image":"engine"}"#)
        #expect(Job(startMessage: Array(try #require(start.startMessage).utf8)) == start)
        #expect(Job(id: "r", kind: .restart, gameID: "g").startMessage == nil)
    }

    @Test("may be longer than a job message, and is only ever a start")
    func long() throws {
        var start = try job(full)
        start.env = ["A": String(repeating: "x", count: 60_000)]
        start.cmd = [String(repeating: "y", count: 60_000)]
        #expect(Job(startMessage: Array(try #require(start.startMessage).utf8)) == start)
        #expect(Job(startMessage: Array(#"{"v":1,"id":"s","kind":"stop","game_id":"g"}"#.utf8)) == nil)
        #expect(Job(startMessage: Array("first".utf8)) == nil)
    }

    @Test("gives the restart each field that the restart omits")
    func completed() throws {
        let last = try job(full)
        let bare = try job(#"{"v":1,"id":"r","kind":"restart","game_id":"g","stop_timeout_seconds":3}"#).completed(
            by: last
        )
        #expect(bare.id == "r" && bare.kind == .restart && bare.stopTimeoutSeconds == 3)
        #expect(bare.image == last.image && bare.env == last.env && bare.cmd == last.cmd && bare.labels == last.labels)
        #expect(bare.limits == last.limits && bare.bindMounts == last.bindMounts)
        #expect(bare.pullPolicy == "never" && bare.readyTimeoutSeconds == 9)

        let giving = try job(
            """
            {"v":1,"id":"r","kind":"restart","game_id":"g","image":"engine:3","pull_policy":"if_missing","env":{},\
            "cmd":[],"labels":{},"limits":{},"bind_mounts":[],"ready_timeout_seconds":0}
            """
        )
        #expect(giving.completed(by: last) == giving)
        #expect(giving.completed(by: nil) == giving)
        let start = try job(full)
        #expect(start.completed(by: giving) == start)
    }
}
