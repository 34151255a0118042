import Primitives

/// The narrow Docker port: the nine operations that this project needs, and three small ones beside
/// them (`ping`, `info`, `kill`).
///
/// Adapters pass one conformance suite, the fake of the tests among them. Every operation ends by its
/// own deadline; cancelling the calling task ends it early. All throw ``DockerError`` alone.
package protocol DockerClient: Sendable {
    /// Verifies that the network exists on the Engine; networks are never created here.
    ///
    /// - Throws: ``DockerError/Code/networkMissing`` where no network has exactly this name.
    func ensureNetwork(_ name: String) async throws(DockerError)

    /// Verifies the same by a look at the Engine now. ``ensureNetwork(_:)`` may go by what was seen a short while ago,
    /// which does not do before something is stopped for it.
    ///
    /// - Throws: as ``ensureNetwork(_:)``.
    func ensureNetworkNow(_ name: String) async throws(DockerError)

    /// Makes the image present according to `policy`.
    ///
    /// - Parameter progress: called with each change of the pull, from the adapter's own task; never
    ///   called where nothing is pulled.
    /// - Throws: ``DockerError/Code/imageNotFound`` where the policy is `never` and the image is absent,
    ///   or where the registry does not have it either.
    func pullImage(
        _ reference: String,
        policy: PullPolicy,
        progress: (@Sendable (PullProgress) -> Void)?
    ) async throws(DockerError)

    /// Metadata of a local image.
    ///
    /// - Throws: ``DockerError/Code/imageNotFound`` where there is no such image on the Engine.
    func inspectImage(_ reference: String) async throws(DockerError) -> ImageInspect

    /// Metadata of a local image, by its full id: `sha256:` and 64 hex digits (`GET /images/{id}/json`).
    ///
    /// - Throws: ``DockerError/Code/imageNotFound`` if there is no such image on the Engine, ``DockerError/Code/invalidSpec``
    ///   before any call if `id` is no full id.
    func inspectImage(id: String) async throws(DockerError) -> ImageInspect

    /// Metadata of a container, by its full id or its exact name.
    ///
    /// - Throws: ``DockerError/Code/containerNotFound``.
    func inspectContainer(_ container: String) async throws(DockerError) -> ContainerInspect

    /// Creates and starts one container. Where it fails after the container was made, or may have been
    /// made, nothing of it is left behind, but for a process that started and ended at once: that one
    /// stays, for its logs.
    ///
    /// - Throws: ``DockerError/Code/invalidSpec`` before any call where ``RunSpec/validate()`` refuses,
    ///   ``DockerError/Code/nameConflict`` where a container of that name is there already (it is not
    ///   touched), ``DockerError/Code/networkMissing``, ``DockerError/Code/imageNotFound``,
    ///   ``DockerError/Code/startFailed``.
    func run(_ spec: RunSpec) async throws(DockerError) -> RunResult

    /// Sends SIGTERM, then SIGKILL after `timeout` (whole seconds, rounded up). Returns normally also
    /// where SIGKILL was needed, and where the container had ended before.
    ///
    /// - Throws: ``DockerError/Code/containerNotFound``.
    func stop(_ container: String, timeout: Duration) async throws(DockerError) -> StopOutcome

    /// Removes the container, killing it where it still runs. Returns normally where it is gone already.
    func remove(_ container: String) async throws(DockerError)

    /// Containers that match `filter`, in whatever state.
    func list(_ filter: ListFilter) async throws(DockerError) -> [ContainerSummary]

    /// Subscribes to the container events of the Engine.
    ///
    /// The stream ends by throwing where the connection does, and when the task that reads it is cancelled.
    /// Docker registers the subscriber only after it has answered, so what must not be missed is asked
    /// for with `since`.
    ///
    /// - Parameter since: replay what the Engine still remembers from this point on (at most 256 events).
    func eventsListen(since: Timestamp?) async throws(DockerError) -> DockerEvents

    /// Answers where the Engine takes new callers. One that is shutting down does not, while it still serves
    /// the connections that it has.
    func ping() async throws(DockerError)

    /// What the Engine says of itself: its id above all.
    func info() async throws(DockerError) -> EngineInfo

    /// When the Engine started, on its own clock: when it made its default bridge (`GET /networks/bridge`), which is
    /// after it has looked for the processes of its containers. nil if it does not show that.
    func startTime() async throws(DockerError) -> Timestamp?

    /// Sends a signal by name (`SIGKILL`) to the container's main process.
    ///
    /// - Throws: ``DockerError/Code/containerNotFound``; ``DockerError/Code/containerNotRunning``.
    func kill(_ container: String, signal: String) async throws(DockerError)
}

extension DockerClient {
    /// For adapters that remember nothing.
    package func ensureNetworkNow(_ name: String) async throws(DockerError) { try await ensureNetwork(name) }
}
