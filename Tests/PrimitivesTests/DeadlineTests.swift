import Primitives
import Testing

@Suite("A time limit", .timeLimit(.minutes(1)))
struct DeadlineTests {
    private struct Failure: Error {}

    @Test("lets an operation return its result, or throw its error")
    func inTime() async throws {
        #expect(try await withDeadline(.seconds(60)) { 1 } == 1)
        await #expect(throws: Failure.self) { try await withDeadline(.seconds(60)) { throw Failure() } }
    }

    @Test("ends a longer operation")
    func late() async {
        await #expect(throws: DeadlinePassed.self) {
            try await withDeadline(.milliseconds(1)) { try await Task.sleep(for: .seconds(3_600)) }
        }
    }

    @Test("is named in the text of its error")
    func text() async {
        let error = await #expect(throws: DeadlinePassed.self) {
            try await withDeadline(.milliseconds(1)) { try await Task.sleep(for: .seconds(3_600)) }
        }
        #expect(error.map { "\($0)" } == "no answer within 1ms")
        #expect("\(DeadlinePassed())" == "no answer in time")
    }

    @Test("is measured on the caller's clock")
    func ownClock() async {
        await #expect(throws: DeadlinePassed.self) {
            try await withDeadline(.seconds(3_600), sleep: { #expect($0 == .seconds(3_600)) }) {
                try await Task.sleep(for: .seconds(3_600))
            }
        }
    }
}

@Suite("The units of a duration")
struct DurationTests {
    @Test("are whole, or have a fraction")
    func units() {
        let duration = Duration(secondsComponent: 1, attosecondsComponent: 500_999_999_999_999_999)
        #expect(duration.milliseconds == 1_500 && duration.nanoseconds == 1_500_999_999)
        #expect(Duration.milliseconds(1_250).inSeconds == 1.25 && Duration.milliseconds(1_250).inMilliseconds == 1_250)
        #expect(Duration.milliseconds(-1_500).milliseconds == -1_500 && Duration.zero.nanoseconds == 0)
    }
}
