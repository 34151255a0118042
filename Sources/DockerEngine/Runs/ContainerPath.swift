import DockerPort

extension DockerNames {
    /// Returns `container` if the text is a full id or a container name, and therefore safe in the path of a request.
    static func container(_ container: String, operation: String) throws(DockerError) -> String {
        guard isContainerID(container) || isContainerName(container) else {
            throw DockerError(
                .invalidSpec,
                operation: operation,
                message: "\(printable(container)) is neither a full container id nor a container name"
            )
        }
        return container
    }
}
