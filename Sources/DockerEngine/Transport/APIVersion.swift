/// A version of the Docker API, for example 1.41.
struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    var major: Int
    var minor: Int

    /// The newest version with answers known to this adapter.
    static let newest = APIVersion(major: 1, minor: 51)
    /// The oldest version with all features that a start needs.
    static let oldest = APIVersion(major: 1, minor: 41)

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]), major >= 0, minor >= 0 else {
            return nil
        }
        self.init(major: major, minor: minor)
    }

    var description: String { "\(major).\(minor)" }

    static func < (left: APIVersion, right: APIVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// Returns the version to use with a Docker Engine.
    ///
    /// - Parameter theirs: the Docker Engine's newest version, from the header `Api-Version` of `GET /_ping`.
    /// - Returns: the version, or the reason why no version fits.
    static func negotiated(theirs: String?) -> Result<APIVersion, Refusal> {
        guard let theirs, !theirs.isEmpty else {
            return .failure(
                Refusal(description: "what answers there does not name an API version: is it a Docker Engine?")
            )
        }
        guard let version = APIVersion(theirs) else {
            return .failure(Refusal(description: "the Engine names an API version that is none: \(theirs)"))
        }
        guard version >= oldest else {
            return .failure(
                Refusal(
                    description: "the Engine speaks API \(version) at most and \(oldest) is needed: "
                        + "install Docker Engine 20.10 or newer"
                )
            )
        }
        return .success(min(version, newest))
    }

    /// Returns the reason why no version fits a Docker Engine that speaks no version before `oldest`.
    static func refusal(ofOldest oldest: APIVersion) -> Refusal {
        Refusal(
            description:
                "the Engine speaks API \(oldest) at least, and this version of rtmanager speaks \(newest) at most: "
                + "install a newer rtmanager, or set DOCKER_MIN_API_VERSION=\(newest) in the environment of dockerd"
        )
    }

    struct Refusal: Error, Equatable {
        var description: String
    }
}
