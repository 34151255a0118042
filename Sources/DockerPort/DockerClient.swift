import Primitives

/// The operations of the Docker Engine used by this project.
///
/// All adapters, and the fake of the tests, pass the same conformance suite. Each operation has its own deadline, and
/// ends early if the calling task is cancelled. Operations throw only ``DockerError``.
package protocol DockerClient: Sendable {
    /// Verifies that the network exists on the Docker Engine. rtmanager never creates networks. An adapter may rely on
    /// a check made a short time ago. On a Swarm worker, only a start shows whether an unlisted network exists.
    ///
    /// - Throws: ``DockerError/Code/networkMissing`` if no network has exactly this name.
    func ensureNetwork(_ name: String) async throws(DockerError)

    /// Verifies that the network exists, always by a request to the Docker Engine. Used before a container is stopped:
    /// a remembered check is not safe enough then.
    ///
    /// - Throws: The same errors as ``ensureNetwork(_:)``.
    func ensureNetworkNow(_ name: String) async throws(DockerError)

    /// Returns the metadata of a network by its exact name.
    ///
    /// - Throws: ``DockerError/Code/networkMissing`` if no network has exactly this name. A Swarm worker does not list an
    ///   overlay network until one of its containers uses the network.
    func inspectNetwork(_ name: String) async throws(DockerError) -> NetworkInspect

    /// Pulls the image if `policy` requires a pull.
    ///
    /// - Parameter progress: Called at each change of the pull, from a task of the adapter. Not called without a pull.
    /// - Throws: ``DockerError/Code/imageNotFound`` if the policy is `never` and the image is absent, or if the
    ///   registry does not have the image.
    func pullImage(
        _ reference: String,
        policy: PullPolicy,
        progress: (@Sendable (PullProgress) -> Void)?
    ) async throws(DockerError)

    /// Returns the metadata of a local image.
    ///
    /// - Throws: ``DockerError/Code/imageNotFound`` if the image is not on the Docker Engine.
    func inspectImage(_ reference: String) async throws(DockerError) -> ImageInspect

    /// Returns the metadata of a local image by its full id: `sha256:` and 64 hex digits (`GET /images/{id}/json`).
    ///
    /// - Throws: ``DockerError/Code/imageNotFound`` if the image is not on the Docker Engine.
    ///   ``DockerError/Code/invalidSpec``, before any call, if `id` is not a full id.
    func inspectImage(id: String) async throws(DockerError) -> ImageInspect

    /// Returns the metadata of a container by its full id or its exact name.
    ///
    /// - Throws: ``DockerError/Code/containerNotFound``.
    func inspectContainer(_ container: String) async throws(DockerError) -> ContainerInspect

    /// Creates and starts a container.
    ///
    /// A failed call removes its container, with one exception: a container whose process started and ended at once
    /// stays for its logs. If the removal fails too, the error has ``DockerError/mayHaveHappened`` set.
    ///
    /// - Throws: ``DockerError/Code/invalidSpec``, before any call, if ``RunSpec/validate()`` refuses the spec.
    ///   ``DockerError/Code/nameConflict`` if a container already has the name; the other container is not touched.
    ///   ``DockerError/Code/networkMissing``, ``DockerError/Code/imageNotFound``, ``DockerError/Code/startFailed``.
    func run(_ spec: RunSpec) async throws(DockerError) -> RunResult

    /// Sends SIGTERM to a container, then SIGKILL after `timeout` (whole seconds, rounded up).
    ///
    /// Returns normally also after a SIGKILL, and if the container had ended before.
    ///
    /// - Throws: ``DockerError/Code/containerNotFound``.
    func stop(_ container: String, timeout: Duration) async throws(DockerError) -> StopOutcome

    /// Removes the container, and kills its process first if necessary. Returns normally if the container is already
    /// gone.
    func remove(_ container: String) async throws(DockerError)

    /// Returns the containers matching `filter`, in any state.
    func list(_ filter: ListFilter) async throws(DockerError) -> [ContainerSummary]

    /// Subscribes to the container events of the Docker Engine.
    ///
    /// The stream throws when the connection ends, and when the reading task is cancelled. Docker registers a
    /// subscriber only after its answer. To miss no event, pass `since`.
    ///
    /// - Parameter since: Replays the events after this time from the memory of the Docker Engine (at most 256 events).
    func eventsListen(since: Timestamp?) async throws(DockerError) -> DockerEvents

    /// Verifies that the Docker Engine accepts new connections. During its shutdown the Docker Engine refuses new
    /// connections, but still serves the open connections.
    func ping() async throws(DockerError)

    /// Returns the Docker Engine's description of itself, above all its id.
    func info() async throws(DockerError) -> EngineInfo

    /// Returns the time of the Docker Engine's start on its own clock, or nil if the time is not known.
    ///
    /// The result is the creation time of the default bridge (`GET /networks/bridge`). The Docker Engine creates the
    /// bridge after its search for the processes of its containers.
    func startTime() async throws(DockerError) -> Timestamp?

    /// Sends a signal by name (`SIGKILL`) to the main process of the container.
    ///
    /// - Throws: ``DockerError/Code/containerNotFound``; ``DockerError/Code/containerNotRunning``.
    func kill(_ container: String, signal: String) async throws(DockerError)
}

extension DockerClient {
    /// Verifies the network by ``ensureNetwork(_:)``. Suits adapters without a memory of earlier checks.
    package func ensureNetworkNow(_ name: String) async throws(DockerError) { try await ensureNetwork(name) }
}
