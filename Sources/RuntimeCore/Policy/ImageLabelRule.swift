import DockerPort
import JobContract
import Primitives

/// The bound on the labels of an image. Each container of the image carries all the labels, and each list of containers
/// contains them.
enum ImageLabelRule {
    /// Largest total size of all names and values, in bytes.
    static let mostBytes = 16 << 10

    /// Checks the labels of an image.
    ///
    /// - Throws: `start_failed`, with the name of the longest label.
    static func check(_ labels: LabelMap) throws(JobFailure) {
        func size(_ label: (key: String, value: String)) -> Int { label.key.utf8.count + label.value.utf8.count }
        let total = labels.reduce(0) { $0 + size($1) }
        guard total > mostBytes else { return }
        // Of several longest labels, the first by name.
        let longest = labels.reversed().max { size($0) < size($1) }
        let name = longest.map { printable($0.key, limit: 64) } ?? ""
        throw JobFailure(
            .startFailed,
            "the image's labels are \(total) bytes long, more than the \(mostBytes) that are allowed; the longest is "
                + "\"\(name)\" with \(longest.map(size) ?? 0) bytes"
        )
    }
}
