import JobContract
import Testing

@Suite("The digest of a job's request")
struct JobDigestTests {
    private func digest(_ more: String, kind: String = "start", game: GameID = "g", id: String = "a") -> String? {
        let text = #"{"v":1,"id":"\#(id)","kind":"\#(kind)","game_id":"\#(game)","image":"e:1"\#(more)}"#
        guard case .job(let job) = JobDecoder().decode(Array(text.utf8)) else { return nil }
        return job.digest
    }

    @Test("ignores fields without effect on the container, and treats an omitted field as its default")
    func same() throws {
        let plain = try #require(digest(""))
        #expect(plain.count == 24)
        #expect(digest("", id: "b") == plain)
        for more in [
            #","deadline":"2999-01-01T00:00:00Z""#, #","enqueued_at":"2026-01-01T00:00:00Z""#, #","unknown":1"#,
            #","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01""#, #","env":{}"#, #","cmd":[]"#,
            #","pull_policy":"if_missing","max_attempts":5,"ready_timeout_seconds":0"#,
        ] {
            #expect(digest(more) == plain, "\(more)")
        }
        #expect(digest(#","env":{"A":"1","B":"2"}"#) == digest(#","env":{"B":"2","A":"1"}"#))
    }

    @Test("includes labels by their bytes")
    func labels() {
        let spellings = [
            #"{"\u00e9":"1"}"#, #"{"e\u0301":"1"}"#, #"{"\u00e9":"1","e\u0301":"1"}"#, #"{"\u00e9":"1","e\u0301":"2"}"#,
            #"{"\u00e9":"\u00e9"}"#, #"{"\u00e9":"e\u0301"}"#,
        ]
        let all = spellings.map { digest(#","labels":\#($0)"#) }
        #expect(all.allSatisfy { $0 != nil } && Set(all).count == all.count)
        #expect(digest(#","labels":{"e\u0301":"2","\u00e9":"1"}"#) == all[3])
    }

    @Test("differs for each field that changes the container")
    func other() {
        let all = [
            digest(""), digest("", kind: "stop"), digest("", kind: "restart"), digest("", game: "h"),
            digest(#","env":{"A":"1"}"#), digest(#","env":{"A1":""}"#), digest(#","labels":{"A":"1"}"#),
            digest(#","cmd":["a","b"]"#), digest(#","cmd":["ab"]"#), digest(#","pull_policy":"always""#),
            digest(#","limits":{"cpu_quota":1}"#), digest(#","limits":{"memory":"1g"}"#),
            digest(#","limits":{"pids_limit":1}"#), digest(#","max_attempts":1"#),
            digest(#","ready_timeout_seconds":1"#), digest(#","stop_timeout_seconds":1"#, kind: "stop"),
            digest("", kind: "remove"), digest(#","force":true"#, kind: "remove"),
            digest(#","container_id":"\#(String(repeating: "a", count: 64))""#, kind: "stop"),
            digest(#","env":{}"#, kind: "restart"),
            digest(#","bind_mounts":[{"host_path":"/a","mount_path":"/b"}]"#),
            digest(#","bind_mounts":[{"host_path":"/a","mount_path":"/b","read_only":true}]"#),
        ]
        #expect(!all.contains(nil))
        #expect(Set(all).count == all.count)
    }
}
