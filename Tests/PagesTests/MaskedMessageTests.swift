import Testing

@testable import Pages

@Suite("Messages on the console")
struct MaskedMessageTests {
    @Test(
        "show no secret of a job",
        arguments: [
            (#"{"v":1,"env":{"A":"s3cret","B":"x"},"image":"i"}"#, #"{"v":1,"env":{"A":"***","B":"***"},"image":"i"}"#),
            (#"{"env":"s3cret"}"#, #"{"env":"***"}"#), (#"{"env":["s3cret"]}"#, #"{"env":"***"}"#),
            (
                #"{"v":2,"job":"{\"env\":{\"A\":\"s3cret\"}}","signature":"s3cret"}"#,
                #"{"v":2,"job":"{\"env\":{\"A\":\"***\"}}","signature":"***"}"#
            ),
            (#"{"job":"s3cret"}"#, #"{"job":"6 bytes without a JSON object"}"#),
            ("s3cret", "6 bytes without a JSON object"),
            ("", "0 bytes without a JSON object"),
        ]
    )
    func masks(message: String, shown: String) { #expect(MaskedMessage.text(Array(message.utf8)) == shown) }
}
