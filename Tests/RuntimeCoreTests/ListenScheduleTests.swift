import Testing

@testable import RuntimeCore

@Suite("The choice between Docker's events and comparisons of lists")
struct ListenScheduleTests {
    @Test("compares lists after two refused streams, for longer after each further refusal, up to 30 s")
    func refusals() {
        var schedule = ListenSchedule()
        #expect(schedule.mode == .follow)
        schedule.streamEnded(after: .milliseconds(1), isDockerAway: false)
        #expect(schedule.mode == .follow)
        for seconds in [5, 10, 20, 30, 30, 30] {
            schedule.streamEnded(after: seconds == 10 ? .milliseconds(1) : nil, isDockerAway: false)
            #expect(schedule.mode == .compare(tryAfter: .seconds(seconds)))
        }
        schedule.streamEnded(after: .seconds(1), isDockerAway: false)
        schedule.streamEnded(after: .milliseconds(1), isDockerAway: false)
        #expect(schedule.mode == .follow)
        schedule.streamEnded(after: .milliseconds(1), isDockerAway: false)
        #expect(schedule.mode == .compare(tryAfter: .seconds(5)))
    }

    @Test("tries the stream, and no comparison, while Docker is away")
    func dockerAway() {
        var schedule = ListenSchedule()
        for _ in 0..<9 {
            schedule.streamEnded(after: .milliseconds(1), isDockerAway: true)
            #expect(schedule.mode == .follow)
        }
    }
}
