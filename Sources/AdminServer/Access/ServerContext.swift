import Hummingbird
import NIOCore

/// What the server knows of a request besides the request itself.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The address of the client.
    let address: String
    /// The person in front of the page; nobody, before the gate has let the request through.
    var viewer = Viewer()

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "-"
    }
}
