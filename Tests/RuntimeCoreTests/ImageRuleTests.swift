import DockerPort
import JobContract
import Primitives
import Testing

@testable import RuntimeCore

@Suite("The description of an image, with its labels")
struct ImageRuleTests {
    @Test("may have labels of 16 KiB in total, names and values")
    func bound() throws {
        try ImageRule.check([:])
        try ImageRule.check([
            "a": String(repeating: "x", count: 10_000), "b": String(repeating: "é", count: 3_191),
        ])
        let failure = #expect(throws: JobFailure.self) {
            try ImageRule.check([
                "a": String(repeating: "x", count: 9_999), "b\u{1B}": String(repeating: "é", count: 3_192),
            ])
        }
        #expect(failure?.code == .startFailed)
        #expect(failure?.retryable == false)
        #expect(
            failure?.message
                == "the image's labels are 16386 bytes long, more than the 16384 that are allowed; the longest is \"a\" "
                + "with 10000 bytes"
        )
    }

    @Test("fail the start if they are too long")
    func translation() {
        let job = Job(id: "j1", kind: .start, gameID: "g1", image: ImageReference("galaxy/engine:1"))
        let failure = #expect(throws: JobFailure.self) {
            try Translation(NodeSettings()).runSpec(
                for: job,
                imageLabels: ["org.example.notes": String(repeating: "x", count: 20_000)]
            )
        }
        #expect(failure?.code == .startFailed)
        #expect(failure?.message.contains("org.example.notes") == true)
    }

    @Test(
        "The whole description of an image is bounded: thousands of exposed ports would slow every list of containers"
    )
    func description() throws {
        let policy = Policy(NodeSettings())
        let job = Job(id: "j", kind: .start, gameID: "g", image: ImageReference("e:1"))
        let largest = ImageInspect(ref: "e:1", descriptionBytes: 256 << 10)
        _ = try policy.allow(job).spec(on: largest)
        var larger = largest
        larger.descriptionBytes += 1
        let failure = #expect(throws: JobFailure.self) { try policy.allow(job).spec(on: larger) }
        #expect(failure?.code == .startFailed)
        #expect(failure?.message.contains("262145 bytes long") == true, "\(String(describing: failure))")
    }
}
