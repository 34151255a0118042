import Testing

@testable import Terminal

@Suite("Error messages of commands")
struct MessageTests {
    @Test("each case has its exit code, and its text after Error:")
    func cases() {
        for (error, reason, code) in [
            (CommandError.failed("no"), ExitReason.failed, 1), (.wrongUse("no"), .wrongUse, 2),
            (.outOfReach("no"), .outOfReach, 3),
        ] as [(CommandError, ExitReason, Int32)] {
            #expect(error.reason == reason && reason.rawValue == code)
            #expect(error.text == "Error: no" && error.description == "no")
        }
        #expect(ExitReason.done.rawValue == 0)
        // A signal is no error.
        let signal = CommandError.interrupted("stopped\n")
        #expect(signal.reason == .interrupted && signal.reason.rawValue == 130 && signal.text == "stopped\\n")
    }

    @Test(
        "URLs in a message are masked, lines stay only in messages about wrong use",
        arguments: [
            (CommandError.failed("a\nb"), #"Error: a\nb"#), (.outOfReach("a\nb"), #"Error: a\nb"#),
            (.wrongUse("a\n  b\u{7}"), "Error: a\n  b\\u0007"),
            (.outOfReach("no answer from redis://u:pw@h:1/0"), "Error: no answer from redis://***@h:1/0"),
            (.failed("\"http://u:pw@h\" and unix:///s?password=x"), "Error: \"http://***@h\" and unix:///s?***"),
            (.failed("ftp://u:pw@h"), "Error: ***@h"), (.failed("see https://h/path"), "Error: see https://h/path"),
        ]
    )
    func texts(error: CommandError, text: String) { #expect(error.text.text == text) }

    @Test(
        "only URLs with a user or a query are masked in a text",
        arguments: [
            ("redis://h:1/0", "redis://h:1/0"), ("a@b", "a@b"), ("x redis://a@h y", "x redis://***@h y"),
            ("<redis://a@h>", "<redis://***@h>"), ("redis://a@h, redis://b@i", "redis://*** redis://***@i"),
            ("'redis://:p'", "'redis://:p'"), ("REDIS://u:p@H", "REDIS://***@H"), ("rediss://h?x=1", "rediss://h?***"),
        ]
    )
    func masks(text: String, expected: String) { #expect(MaskedURL.maskAll(in: text) == expected) }

    @Test("a full device is a sentence, and a reader that has gone is none")
    func output() {
        #expect(StandardOutput.Problem(errno: 32) == .closed && StandardOutput.Problem.closed.sentence == nil)
        #expect(StandardOutput.Problem(errno: 28) == .failed(28))
        #expect(StandardOutput.Problem.failed(28).sentence == "stdout cannot be written: No space left on device")
        #expect(StandardOutput.Problem.failed(5).sentence == "stdout cannot be written: Input/output error")
    }
}
