internal import CBuildInfo
import JobQueue
import Metrics

/// What this program was built from.
enum BuildInfo {
    /// The commit of a release; empty in other builds.
    static let commit = String(cString: rtm_commit())

    /// The version, the commit, and the form of the data in Redis. Workers with different forms do not work together.
    static let text =
        "\(RootCommand.version) (\(commit == "" ? "" : "commit \(commit), ")data form \(JobQueue.dataForm))"

    static func record() {
        Gauge(
            label: "rtm_build_info",
            dimensions: [("version", RootCommand.version), ("commit", commit), ("data_form", JobQueue.dataForm)]
        ).record(1)
    }
}
