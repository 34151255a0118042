import JobContract
import Testing

@Suite("The progress of a job")
struct ProgressTests {
    @Test("is one line that decodes to the same value", arguments: JobProgress.Step.allCases)
    func roundTrip(_ step: JobProgress.Step) {
        let progress = JobProgress(step, layersDone: 3, layers: 8, bytesDone: 1_048_576, bytesTotal: 52_428_800)
        #expect(progress.encoded == "\(step.rawValue) 3 8 1048576 52428800")
        #expect(JobProgress(encoded: progress.encoded) == progress)
    }

    @Test(
        "is unknown if another version wrote more fields",
        arguments: ["", "pulling", "dancing 0 0 0 0", "pulling 0 0 0 x", "pulling 0 0 0 0 0", " pulling 0 0 0 0"]
    )
    func unknown(_ text: String) {
        #expect(JobProgress(encoded: text) == nil)
    }
}
