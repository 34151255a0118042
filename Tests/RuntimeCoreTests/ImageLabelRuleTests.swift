import Primitives
import JobContract
import Testing

@testable import RuntimeCore

@Suite("The labels of an image")
struct ImageLabelRuleTests {
    @Test("may have 16 KiB in total, names and values")
    func bound() throws {
        try ImageLabelRule.check([:])
        try ImageLabelRule.check([
            "a": String(repeating: "x", count: 10_000), "b": String(repeating: "é", count: 3_191),
        ])
        let failure = #expect(throws: JobFailure.self) {
            try ImageLabelRule.check([
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
}
