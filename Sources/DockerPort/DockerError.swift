import Primitives

/// The failure of a Docker operation.
package struct DockerError: Error, Sendable, Equatable {
    /// The kind of a failure. Adapters use the endpoint and the status, and the text of the answer only if necessary.
    package enum Code: String, Sendable, CaseIterable {
        /// The configured network is not on the Docker Engine.
        case networkMissing
        /// Several networks have the same name.
        case networkAmbiguous
        /// The reference does not resolve to an image.
        case imageNotFound
        /// The registry refuses the pull because of missing or wrong credentials.
        case imageAuthentication
        /// The registry limits the rate of pulls.
        case rateLimited
        /// The pull failed for another reason: registry not reachable, corrupt layer, no more data.
        case pullFailed
        /// The id or name does not resolve to a container.
        case containerNotFound
        /// Another container already has the name.
        case nameConflict
        /// The operation needs a running container, but the container is not running.
        case containerNotRunning
        /// The Docker Engine refuses the spec.
        case invalidSpec
        /// The host path of a mount is a symbolic link, or a path that must not be mounted.
        case invalidMount
        /// The process did not start, or ended at once.
        case startFailed
        /// Another program or container holds the port of the host.
        case portTaken
        /// The Docker Engine does not answer on its socket.
        case unavailable
        /// The deadline of the operation passed.
        case timeout
        /// The Docker Engine answered with an error without a code of its own here.
        case engineError
        /// The Docker Engine's answer is not readable.
        case invalidAnswer
        /// The calling task was cancelled.
        case cancelled
    }

    /// The kind of the failure.
    package var code: Code
    /// The failed operation, for example `run` or `stop`.
    package var operation: String
    /// A sentence for a person, safe to publish. All words come from this project or from the Docker Engine, never from
    /// a third party such as a registry. At most 1,024 bytes, without control characters.
    package var message: String
    /// The words of a third party, such as a registry or a proxy. For the worker's log only. Must not be published: the
    /// text may come from any address within reach of the Docker Engine. At most 1,024 bytes, without control
    /// characters.
    package var detail: String?
    /// The HTTP status of the Docker Engine's answer, if an answer came.
    package var status: Int?
    /// Whether the same call may succeed later.
    package var retryable: Bool
    /// Whether the Docker Engine may have made the change, or part of the change, despite the failure.
    ///
    /// For example, the request was written and no answer came, or the clean-up after a failed run failed, too.
    package var mayHaveHappened: Bool
    /// The conflicting container for ``Code/nameConflict``, or the remaining container for ``Code/startFailed``.
    package var containerID: ContainerID?

    package init(
        _ code: Code,
        operation: String,
        message: String,
        status: Int? = nil,
        retryable: Bool = false,
        mayHaveHappened: Bool = false,
        containerID: ContainerID? = nil,
        detail: String? = nil
    ) {
        self.code = code
        self.operation = operation
        self.message = printable(message, limit: 1_024)
        self.detail = detail.map { printable($0, limit: 1_024) }
        self.status = status
        self.retryable = retryable
        self.mayHaveHappened = mayHaveHappened
        self.containerID = containerID
    }
}

extension DockerError: CustomStringConvertible {
    package var description: String { "docker \(operation): \(message) (\(code.rawValue))" }
}
