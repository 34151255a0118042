import Primitives
import Testing

@testable import JobContract

@Suite("Published error sentences")
struct SentenceTests {
    /// One character of many bytes.
    private static let zalgo = "a" + String(repeating: "\u{301}", count: 15_000)

    @Test(
        "have at most 1,024 bytes",
        arguments: [zalgo, String(repeating: "😀", count: 2_000)]
    )
    func sentences(text: String) {
        var ending = JobEnding(.rejected, errorCode: .invalidJob, error: text)
        var rejection = Rejection(id: "i", code: .invalidJob, error: text)
        #expect(JobEnding.failed(.dockerError, text).error?.utf8.count ?? 0 > 1_000)
        for error in [JobEnding.failed(.dockerError, text).error, ending.error, rejection.error] {
            #expect(error?.utf8.count ?? .max <= 1_024)
        }
        ending.error = text
        rejection.error = text
        #expect(ending.error?.utf8.count ?? .max <= 1_024 && rejection.error.utf8.count <= 1_024)
    }

    @Test("show at most a part of the wrong value")
    func names() {
        let decoder = JobDecoder()
        for field in [
            #""env":{"\#(Self.zalgo)":"x"}"#, #""env":{"A":"\u0000"}"#, #""labels":{"\#(Self.zalgo)":1}"#,
            #""limits":{"\#(Self.zalgo)":1}"#, #""\#(Self.zalgo)":1,"\#(Self.zalgo)":2"#,
        ] {
            let message = #"{"v":1,"id":"i","kind":"start","game_id":"g","image":"i",\#(field)}"#
            guard case .rejected(let rejection) = decoder.decode(Array(message.utf8)) else {
                Issue.record("\(field.prefix(20)) was taken")
                continue
            }
            #expect(rejection.error.utf8.count <= 256, "\(rejection.error.utf8.count)")
        }
    }
}
