/// What a Docker operation failed with.
package struct DockerError: Error, Sendable, Equatable {
    /// The kinds of failure, told apart by endpoint and status first, by text only where those do not suffice.
    package enum Code: String, Sendable, CaseIterable {
        /// The configured network is not on the Engine.
        case networkMissing
        /// Several networks have that name.
        case networkAmbiguous
        /// The reference does not resolve to an image.
        case imageNotFound
        /// The registry refuses the pull for want of credentials.
        case imageAuthentication
        /// The registry wants fewer pulls.
        case rateLimited
        /// The pull failed otherwise: registry out of reach, layer corrupt, nothing more came.
        case pullFailed
        /// The id or name does not resolve to a container.
        case containerNotFound
        /// A container of that name is there already.
        case nameConflict
        /// The operation wants a running container and this one is not.
        case containerNotRunning
        /// The Engine refuses the spec.
        case invalidSpec
        /// What is to be mounted of the host is a symbolic link, or nothing that may be mounted.
        case invalidMount
        /// The process could not be started, or ended at once.
        case startFailed
        /// The Engine does not answer on its socket.
        case unavailable
        /// The deadline of the operation passed.
        case timeout
        /// The Engine answered with an error that has no code of its own here.
        case engineError
        /// The Engine answered something that cannot be read.
        case invalidAnswer
        /// The calling task was cancelled.
        case cancelled
    }

    /// What kind of failure it is.
    package var code: Code
    /// The operation that failed: `run`, `stop`.
    package var operation: String
    /// A sentence for a person that may be published. Words in it are our own or the Engine's, never those of a third
    /// party such as a registry. At most 1,024 bytes; no control characters.
    package var message: String
    /// What a third party said, such as a registry or a proxy, for the worker's log alone. It must not be published: it
    /// may be the answer of any address that the Engine can reach. At most 1,024 bytes; no control characters.
    package var detail: String?
    /// HTTP status that the Engine answered, where it did.
    package var status: Int?
    /// Whether the same call may succeed later.
    package var retryable: Bool
    /// Whether the Engine may have done what was asked: the request was written and no answer came.
    package var mayHaveHappened: Bool
    /// The container that is in the way, for ``Code/nameConflict``, or that stayed, for ``Code/startFailed``.
    package var containerID: String?

    package init(
        _ code: Code,
        operation: String,
        message: String,
        status: Int? = nil,
        retryable: Bool = false,
        mayHaveHappened: Bool = false,
        containerID: String? = nil,
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
