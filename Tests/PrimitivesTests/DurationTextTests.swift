import Primitives
import Testing

@Suite("The text of a duration")
struct DurationTextTests {
    @Test(
        "is short, and has at most one digit behind the point",
        arguments: [
            (Duration.zero, "0s"), (.microseconds(900), "0s"), (.milliseconds(-5), "0s"), (.milliseconds(350), "350ms"),
            (.seconds(1), "1s"), (.milliseconds(1_049), "1s"), (.seconds(2.389868183138756), "2.4s"),
            (.milliseconds(9_949), "9.9s"), (.milliseconds(9_999), "10s"), (.milliseconds(10_900), "10s"),
            (.seconds(192), "3m12s"),
            (.seconds(7_500), "2h05m"), (.seconds(356_400), "4d3h"),
        ]
    )
    func short(_ duration: Duration, _ text: String) {
        #expect(duration.shortText == text)
    }
}
