import Hummingbird
import NIOCore

/// Who sends a request.
struct Caller: Sendable, Equatable {
    var access: Access
    /// The name for the log; empty: unknown.
    var name = ""
    /// The secret of the caller's forms.
    var formSecret: String
}

/// What the server knows of a request besides the request itself.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The address of the client.
    let address: String
    /// The caller; nil before the gate has let the request through.
    var caller: Caller?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "-"
    }
}
