import Foundation
import JobContract
import Primitives
import Support
import Testing

@Suite("The schemas of the contract")
struct SchemaTests {
    private static let full = #"""
        {"v":1,"id":"s-1","kind":"start","game_id":"g-1","image":"galaxy/engine","pull_policy":"never",
         "env":{"A":"1"},"cmd":["run","--fast"],"labels":{"team":"x"},
         "limits":{"cpu_quota":0.5,"memory":"64m","pids_limit":32},
         "bind_mounts":[{"host_path":"/srv/maps","mount_path":"/maps","read_only":true}],
         "ready_timeout_seconds":5,"deadline":"2030-01-01T00:00:00Z","max_attempts":3,
         "enqueued_at":"2026-01-01T00:00:00.5Z","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
         "unknown":{"is":"ignored"}}
        """#

    static let taken = [
        full, #"{"v":1,"id":"x","kind":"stop","game_id":"g","container_id":null}"#,
        #"{"v":1,"id":"x","kind":"stop","game_id":"g","image":7,"force":"ignored"}"#,
        #"{"v":1,"id":"x","kind":"remove","game_id":"g","force":true,"stop_timeout_seconds":0}"#,
        #"{"v":1,"id":"x","kind":"restart","game_id":"g","limits":{"memory":null}}"#,
    ]

    @Test("accept what the decoder accepts", arguments: taken)
    func takes(message: String) throws {
        guard case .job = JobDecoder().decode(Array(message.utf8)) else {
            Issue.record("the decoder does not take \(message)")
            return
        }
        #expect(try ContractSchemas.problems(ofAccepted: message) == [])
    }

    static let refused = [
        #""id":"a b""#, #""id":"invalid:x""#, #""id":7"#, #""game_id":"G""#, #""game_id":"-g""#, #""image":null"#,
        #""pull_policy":"sometimes""#, #""env":{"1A":"x"}"#, #""env":{"A":1}"#, #""env":["A"]"#, #""cmd":"ls""#,
        #""cmd":["a\u0000"]"#, #""labels":{"com.galaxy.owner":"x"}"#, #""labels":{"exitCode":"0"}"#,
        #""limits":{"cpu":1}"#, #""limits":{"cpu_quota":0}"#, #""limits":{"cpu_quota":"1"}"#,
        #""limits":{"pids_limit":0}"#, #""limits":{"pids_limit":1.5}"#, #""limits":{"memory":512}"#,
        #""bind_mounts":[{"host_path":"/a"}]"#, #""bind_mounts":[{"host_path":"a","mount_path":"/b"}]"#,
        #""ready_timeout_seconds":601"#, #""deadline":"tomorrow""#, #""max_attempts":0"#, #""max_attempts":21"#,
        #""enqueued_at":"x""#, #""v":2"#, #""kind":"fly""#,
    ]

    @Test("refuse what the decoder refuses", arguments: refused)
    func refuses(member: String) throws {
        let base = [
            "v": #""v":1"#, "kind": #""kind":"start""#, "id": #""id":"j1""#, "game_id": #""game_id":"g""#,
            "image": #""image":"e:1""#,
        ]
        let name = String(member.dropFirst().prefix { $0 != "\"" })
        let message = "{" + (base.filter { $0.key != name }.values + [member]).joined(separator: ",") + "}"
        guard case .rejected = JobDecoder().decode(Array(message.utf8)) else {
            Issue.record("the decoder takes \(message)")
            return
        }
        #expect(try !ContractSchemas.job.get().problems(of: TestJSON(text: Data(message.utf8))).isEmpty)
    }

    @Test(
        "take exactly the images and amounts of memory that the worker takes",
        arguments: [
            "engine", "galaxy/engine:1.4", "registry.example:5000/team/engine", "localhost/a", "host:80/a", "a.b/c",
            "a_b/c", "a__b/c--d", "engine@sha256:\(String(repeating: "a", count: 64))", "", "A/b", "a b", "e:", "a//b",
            "/a",
            "a/", "a..b/c", "a.b_c/d", "-a/b", "host:0/a", "host:/a", "a___b", "sha256", "sha256:1", "sha256/a",
            String(repeating: "a", count: 64), "e:\(String(repeating: "a", count: 129))", "é", "512m", "6291456", "1GB",
            "1kB", "1.5g", "1MiB", "12 m", "m", "-1m", "+1m", "0x1", "１m", "1t", "99999999999999999999",
        ]
    )
    func strict(text: String) throws {
        let literal = "\"\(text)\""
        func problems(_ member: String) throws -> [String] {
            let message = #"{"v":1,"id":"x","kind":"restart","game_id":"g",\#(member)}"#
            return try ContractSchemas.job.get().problems(of: TestJSON(text: Data(message.utf8)))
        }
        let isImage = ImageReference(text).map(\.hasValidRegistry) ?? false
        #expect(try problems(#""image":\#(literal)"#).isEmpty == isImage)
        #expect(try problems(#""limits":{"memory":\#(literal)}"#).isEmpty == (MemorySize(text) != nil))
    }

    @Test("bound the CPUs of a container as the worker does", arguments: [0.001, 0.01, 1, 100_000, 100_001])
    func cpus(count: Double) throws {
        let message = #"{"v":1,"id":"x","kind":"restart","game_id":"g","limits":{"cpu_quota":\#(count)}}"#
        let problems = try ContractSchemas.job.get().problems(of: TestJSON(text: Data(message.utf8)))
        #expect(problems.isEmpty == ResourceBounds.cpus.contains(count))
    }

    @Test("are the source of the types in the examples")
    func types() async throws {
        let generator = ContractSchemas.root.appending(path: "docs/guide/examples/generate-types").path
        try await Tool.run([generator, "--check"])
    }

    @Test("describe the envelope of a signed job")
    func signed() throws {
        let keys = try SigningKeys(lines: Array("k1:0123456789abcdef".utf8))
        let message = JobSigner(keys, namespace: "rtm").sign(#"{"v":1}"#)
        #expect(try ContractSchemas.signedJob.get().problems(of: TestJSON(text: Data(message.utf8))) == [])
    }

    @Test("list exactly the words of the code")
    func words() throws {
        func words(_ file: String, _ field: String) throws -> Set<String> {
            guard case .array(let values)? = try ContractSchemas.json(file)["properties"]?[field]?["enum"] else {
                return []
            }
            return Set(values.compactMap(\.string))
        }
        #expect(try words("job.schema.json", "kind") == Set(JobKind.allCases.map(\.rawValue)))
        for file in ["result.schema.json", "dead-letter.schema.json"] {
            #expect(try words(file, "error_code") == Set(ErrorCode.allCases.map(\.rawValue)))
        }
        #expect(try words("result.schema.json", "outcome") == Set(JobOutcome.allCases.map(\.rawValue)))
        #expect(try words("result.schema.json", "effect") == Set(JobEffect.allCases.map(\.rawValue)))
        #expect(try words("event.schema.json", "event") == Set(LifecycleKind.allCases.map(\.rawValue)))
        #expect(try words("event.schema.json", "reason") == Set(ExitReason.allCases.map(\.rawValue)))
        #expect(try words("job-record.schema.json", "state") == Set(JobState.allCases.map(\.rawValue)))
    }

    @Test("The AsyncAPI document names each schema, its references resolve, and its examples are valid")
    func asyncAPI() throws {
        let document = try ContractSchemas.json("asyncapi.json")
        #expect(document["asyncapi"] == .string("3.0.0"))
        var used: Set<String> = []
        for (name, message) in document["components"]?["messages"]?.members ?? [:] {
            let file = try #require(message["payload"]?["$ref"]?.string?.replacing("./", with: ""))
            used.insert(file)
            let schema = try JSONSchema(try ContractSchemas.json(file))
            guard case .array(let examples)? = message["examples"] else {
                Issue.record("\(name) has no examples")
                continue
            }
            for example in examples {
                #expect(schema.problems(of: try #require(example["payload"])) == [], "\(name)")
            }
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: ContractSchemas.folder.path)
        #expect(used.union(["job-record.schema.json", "asyncapi.json"]) == Set(files))
        for reference in Self.references(document) where reference.hasPrefix("#/") {
            var place: TestJSON? = document
            for part in reference.dropFirst(2).split(separator: "/") { place = place?[String(part)] }
            #expect(place != nil, "\(reference)")
        }
    }

    private static func references(_ value: TestJSON) -> [String] {
        switch value {
        case .object(let members):
            (members["$ref"]?.string.map { [$0] } ?? []) + members.values.flatMap(references)
        case .array(let elements): elements.flatMap(references)
        default: []
        }
    }
}

@Suite("The schema validator of the tests")
struct JSONSchemaTests {
    private func problems(_ schema: String, _ value: String) throws -> Int {
        try JSONSchema(TestJSON(text: Data(schema.utf8))).problems(of: TestJSON(text: Data(value.utf8))).count
    }

    @Test(
        "checks each of its keywords",
        arguments: [
            (#"{"type":"integer"}"#, "1", "1.5"), (#"{"type":"object"}"#, "{}", "[]"), (#"{"const":1}"#, "1", "2"),
            (#"{"enum":["a",null]}"#, "null", #""b""#), (#"{"pattern":"^a"}"#, #""ab""#, #""ba""#),
            (#"{"minLength":2,"maxLength":3}"#, #""ab""#, #""a""#), (#"{"maxLength":1}"#, #""é""#, #""ab""#),
            (#"{"minimum":1,"maximum":2}"#, "2", "3"), (#"{"exclusiveMinimum":0}"#, "0.1", "0"),
            (#"{"required":["a"]}"#, #"{"a":1}"#, "{}"), (#"{"maxProperties":1}"#, #"{"a":1}"#, #"{"a":1,"b":2}"#),
            (#"{"maxItems":1}"#, "[1]", "[1,2]"), (#"{"items":{"type":"null"}}"#, "[null]", "[1]"),
            (#"{"propertyNames":{"pattern":"^a"}}"#, #"{"a":1}"#, #"{"b":1}"#),
            (#"{"additionalProperties":false,"properties":{"a":{}}}"#, #"{"a":1}"#, #"{"b":1}"#),
            (#"{"properties":{"a":false}}"#, #"{"b":1}"#, #"{"a":1}"#), (#"{"not":{"type":"null"}}"#, "1", "null"),
            (#"{"anyOf":[{"type":"null"},{"const":1}]}"#, "1", "2"),
            (#"{"oneOf":[{"type":"null"},{"const":1}]}"#, "1", "2"), (#"{"allOf":[{"const":1}]}"#, "1", "2"),
            (#"{"if":{"const":1},"then":{"type":"number"},"else":{"type":"null"}}"#, "null", #""x""#),
        ]
    )
    func keywords(schema: String, right: String, wrong: String) throws {
        #expect(try problems(schema, right) == 0)
        #expect(try problems(schema, wrong) > 0)
    }

    @Test("refuses a schema with a keyword that it does not know")
    func unknown() {
        #expect(throws: Overdue.self) { try problems(#"{"allOf":[{"minItems":1}]}"#, "[]") }
    }
}
