import Primitives
import DockerPort
import JobContract

/// How long an image's labels may be. Every container of the image bears them, and every list of containers shows them.
enum ImageLabelRule {
    /// Most bytes of all names and values together.
    static let mostBytes = 16 << 10

    /// Checks the labels of an image.
    ///
    /// - Throws: `start_failed`, which names the longest label.
    static func check(_ labels: LabelMap) throws(JobFailure) {
        func size(_ label: (key: String, value: String)) -> Int { label.key.utf8.count + label.value.utf8.count }
        let total = labels.reduce(0) { $0 + size($1) }
        guard total > mostBytes else { return }
        // Of several, the first by name.
        let longest = labels.reversed().max { size($0) < size($1) }
        let name = longest.map { printable($0.key, limit: 64) } ?? ""
        throw JobFailure(
            .startFailed,
            "the image's labels are \(total) bytes long, more than the \(mostBytes) that are allowed; the longest is "
                + "\"\(name)\" with \(longest.map(size) ?? 0) bytes"
        )
    }
}
