/// The endpoints of the Docker API in use. The meaning of a status depends on the endpoint.
enum EngineOperation: String, Sendable, CaseIterable {
    /// `GET /_ping`
    case ping
    /// `GET /info`
    case info
    /// `GET /networks/{name}`
    case inspectNetwork
    /// `GET /images/{name}/json`
    case inspectImage
    /// `POST /images/create`
    case pull
    /// `GET /containers/{id}/json`
    case inspectContainer
    /// `POST /containers/create`
    case create
    /// `POST /containers/{id}/start`
    case start
    /// `POST /containers/{id}/stop`
    case stop
    /// `POST /containers/{id}/kill`
    case kill
    /// `DELETE /containers/{id}`
    case remove
    /// `POST /networks/{id}/disconnect`
    case disconnect
    /// `GET /containers/json`
    case list
    /// `GET /events`
    case events

    /// Whether the endpoint changes something. After a lost answer, the result of such a call is unknown.
    var changes: Bool {
        switch self {
        case .pull, .create, .start, .stop, .kill, .remove, .disconnect: true
        case .ping, .info, .inspectNetwork, .inspectImage, .inspectContainer, .list, .events: false
        }
    }

    /// The port's operation for the endpoint, unless the request names another operation.
    var portOperation: String {
        switch self {
        case .inspectNetwork: "ensureNetwork"
        case .pull: "pullImage"
        case .create, .start, .disconnect: "run"
        case .events: "eventsListen"
        case .ping, .info, .inspectImage, .inspectContainer, .stop, .kill, .remove, .list: rawValue
        }
    }
}
