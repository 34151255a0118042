import JobContract
import Support
import Testing

extension Deployment {
    @Suite("Messages that are no valid jobs", .engineWorld, .timeLimit(.minutes(5)))
    struct RejectionTests {
        @Test("each is rejected once, and the worker continues")
        func rejections() async throws {
            let settings = [
                "RTM_ALLOWED_IMAGES": "\(try #require(EngineWorld.current).prefix)*", "RTM_MAX_MEMORY": "1g",
            ]
            try await Fleet.with(settings: settings, world: try #require(EngineWorld.current)) { fleet in
                let cases: [(id: JobID?, message: String, code: String)] = [
                    (nil, "garbage", "invalid_message"),
                    (nil, #"["a"]"#, "invalid_message"),
                    (nil, #"{"v":1,"id":"twice","id":"twice","kind":"stop","game_id":"g"}"#, "invalid_message"),
                    (nil, String(repeating: "x", count: (64 << 10) + 1), "message_too_large"),
                    ("r-1", #"{"v":2,"id":"r-1","kind":"stop","game_id":"g"}"#, "unsupported_version"),
                    ("r-2", #"{"v":1,"id":"r-2","kind":"explode","game_id":"g"}"#, "unknown_kind"),
                    ("r-3", Fleet.message(.stop, "r-3", game: "Not Allowed"), "invalid_job"),
                    ("r-4", Fleet.message(.start, "r-4", game: "g"), "invalid_job"),
                    ("r-5", fleet.start("r-5", game: "g", #""max_attempts":21"#), "invalid_job"),
                    ("r-6", fleet.start("r-6", game: "g", image: "elsewhere/engine:1"), "image_not_allowed"),
                    ("r-7", fleet.start("r-7", game: "g", #""limits":{"memory":"2g"}"#), "limit_exceeded"),
                    (nil, Fleet.message(.stop, "invalid:x", game: "g"), "invalid_job"),
                ]
                for item in cases { try await fleet.push(item.message) }
                #expect(try await fleet.finish("good", fleet.start("good", game: "g")).effect == .started)
                let results = try await fleet.results()
                #expect(results.count == cases.count + 1)
                for (item, result) in zip(cases, results) {
                    #expect(result.outcome == .rejected, "\(item.message.prefix(80))")
                    #expect(result.effect == JobEffect.none)
                    #expect(result.errorCode == item.code, "\(item.message.prefix(80)): \(result.error ?? "")")
                    #expect(result.error?.isEmpty == false)
                    #expect(result.fields["finished_at"] != nil && result.fields["worker"] != nil)
                    if let id = item.id {
                        #expect(result.jobID == id)
                    } else {
                        #expect(result.jobID.text.wholeMatch(of: /invalid:[0-9a-f]{40}/) != nil, "\(result.jobID)")
                    }
                }
                #expect(results[6].error?.contains("game_id") == true)
                #expect(Set(results.map(\.jobID)).count == results.count)
            }
        }

        @Test("rejected messages are on the dead-letter stream")
        func deadLetters() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let message = #"{"v":1,"id":"dead-1","kind":"explode","game_id":"g"}"#
                _ = try await fleet.finish("dead-1", message)
                let letter = try #require(try await fleet.deadLetters().first)
                #expect(letter["job_id"] == "dead-1")
                #expect(letter["queue"] == "default")
                #expect(letter["error_code"] == "unknown_kind")
                #expect(letter["message"] == message)
                #expect(letter["size"] == "\(message.utf8.count)")
                #expect(letter["sha1"]?.count == 40)
                #expect(letter["died_at"]?.hasSuffix("Z") == true)
                #expect(try await fleet.record(of: "dead-1")["state"] == "dead")
            }
        }

        @Test("a job after its deadline ends as expired")
        func expired() async throws {
            try await Fleet.with(world: try #require(EngineWorld.current)) { fleet in
                let message = fleet.start("late", game: "g", #""deadline":"2020-01-01T00:00:00Z""#)
                let result = try await fleet.finish("late", message)
                #expect(result.outcome == .expired)
                let containers = try await fleet.containers()
                #expect(containers.isEmpty)
            }
        }
    }
}
