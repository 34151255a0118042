import JobContract
import Terminal
import Testing

@testable import Commands

@Suite("An id that nobody knows")
struct UnknownNameTests {
    @Test("a text that is too short for the begin of an id gets the rule")
    func short() {
        #expect(
            Actions.unknownJob("f6ef").description
                == "job f6ef is not known, and the begin of an id needs at least 8 characters; "
                + "`rtmanager jobs` shows ids"
        )
        #expect(
            Actions.unknownNode("be").description
                == "no worker of node be was ever seen here, and the begin of an id needs at least 4 characters; "
                + "`rtmanager node list` shows all"
        )
        #expect(
            Actions.unknownLetter("f6ef").description
                == "there is no dead letter f6ef, and the begin of an id needs at least 8 characters; "
                + "`rtmanager dead list` shows all"
        )
    }

    @Test("a longer text gets the place that was searched")
    func long() {
        #expect(Actions.unknownJob("f6ef0a1b").description.hasPrefix("job f6ef0a1b is not known: no worker has"))
        #expect(
            Actions.unknownNode("host").description
                == "no worker of node host was ever seen here; `rtmanager node list` shows all"
        )
        #expect(
            Actions.unknownLetter("f6ef0a1b").description
                == "there is no dead letter f6ef0a1b; `rtmanager dead list` shows all"
        )
    }
}

@Suite("A choice without a dead letter")
struct NoLetterTests {
    @Test("names the codes that the letters have")
    func codes() {
        #expect(Actions.noLetter(codes: []) == "there are no dead letters")
        #expect(
            Actions.noLetter(codes: ["image_pull_failed", "timeout"])
                == "no dead letter matches; the letters have these codes: image_pull_failed, timeout"
        )
        let many = Actions.noLetter(codes: (10...40).map { "c\($0)" })
        #expect(many.hasSuffix("c28, c29, and more"))
    }
}
