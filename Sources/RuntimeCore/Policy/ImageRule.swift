import DockerPort
import JobContract
import Primitives

/// The bounds on the description of an image. Each container of the image carries most of it, and each list of
/// containers contains it: labels, exposed ports, volumes, command.
enum ImageRule {
    /// Largest total size of all names and values of labels, in bytes.
    static let mostLabelBytes = 16 << 10
    /// Largest size of the Docker Engine's description, in bytes.
    static let mostBytes = 256 << 10

    /// Checks the whole description of an image.
    ///
    /// - Throws: `start_failed`.
    static func check(_ image: ImageInspect) throws(JobFailure) {
        guard image.descriptionBytes > mostBytes else { return }
        throw JobFailure(
            .startFailed,
            "Docker's description of the image is \(image.descriptionBytes) bytes long, more than the \(mostBytes) that are "
                + "allowed; make the image with fewer exposed ports, volumes or words of its command"
        )
    }

    /// Checks the labels of an image.
    ///
    /// - Throws: `start_failed`, with the name of the longest label.
    static func check(_ labels: LabelMap) throws(JobFailure) {
        func size(_ label: (key: String, value: String)) -> Int { label.key.utf8.count + label.value.utf8.count }
        let total = labels.reduce(0) { $0 + size($1) }
        guard total > mostLabelBytes else { return }
        // Of several longest labels, the first by name.
        let longest = labels.reversed().max { size($0) < size($1) }
        let name = longest.map { printable($0.key, limit: 64) } ?? ""
        throw JobFailure(
            .startFailed,
            "the image's labels are \(total) bytes long, more than the \(mostLabelBytes) that are allowed; the longest is "
                + "\"\(name)\" with \(longest.map(size) ?? 0) bytes"
        )
    }
}
