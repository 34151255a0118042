extension DockerEngine {
    /// The Docker Engine's address, and the deadlines of its operations.
    package struct Configuration: Sendable, Equatable {
        /// The Docker Engine's address.
        package var endpoint: Endpoint
        /// The deadlines of the operations.
        package var deadlines: Deadlines
        /// Docker's `config.json` with the credentials of registries; nil: no credentials.
        package var registryFile: String?
        /// The directories of credential helpers, in the format of `PATH`; nil: the process's own `PATH`.
        package var helperPath: String?
        /// The largest answer, in bytes. A longer answer fails the call. In the list of containers the bound applies to
        /// each row: the list has no bound, and a longer row is skipped.
        package var maximumAnswerBytes: Int
        /// The largest number of events waiting for the reader of ``DockerEngine/eventsListen(since:)``. One more event
        /// ends the stream with an error.
        package var maximumWaitingEvents: Int

        package init(
            endpoint: Endpoint = .unix(path: Endpoint.defaultSocket),
            deadlines: Deadlines = Deadlines(),
            registryFile: String? = nil,
            helperPath: String? = nil,
            maximumAnswerBytes: Int = 4 << 20,
            maximumWaitingEvents: Int = 65_536
        ) {
            self.endpoint = endpoint
            self.deadlines = deadlines
            self.registryFile = registryFile
            self.helperPath = helperPath
            self.maximumAnswerBytes = maximumAnswerBytes
            self.maximumWaitingEvents = maximumWaitingEvents
        }
    }

    /// The address of a Docker Engine.
    package enum Endpoint: Sendable, Equatable, CustomStringConvertible {
        /// A socket in the file system.
        case unix(path: String)
        /// A TCP port, with TLS if `tls` is set.
        case tcp(host: String, port: Int, tls: TLSFiles?)

        /// The usual socket of a Docker Engine.
        package static let defaultSocket = "/var/run/docker.sock"

        package var description: String {
            switch self {
            case .unix(let path): "unix://\(path)"
            case .tcp(let host, let port, _): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
            }
        }
    }

    /// The PEM files for TLS. Docker's command line names the files `ca.pem`, `cert.pem` and `key.pem`.
    package struct TLSFiles: Sendable, Equatable {
        /// The certificates of the authority for the Docker Engine's certificate.
        package var authority: String
        /// The client's certificate chain; nil: no client certificate.
        package var certificate: String?
        /// The private key of the client's certificate.
        package var privateKey: String?

        package init(authority: String, certificate: String? = nil, privateKey: String? = nil) {
            self.authority = authority
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    /// The time limits of the operations.
    ///
    /// After most limits the operation throws ``DockerPort/DockerError/Code/timeout``. Exceptions: `connect`,
    /// `credentialHelper` and `cleanup`.
    package struct Deadlines: Sendable, Equatable {
        /// The limit for opening a connection. Error: ``DockerPort/DockerError/Code/unavailable``.
        package var connect: Duration = .seconds(5)
        /// The limit for `GET /_ping`.
        package var ping: Duration = .seconds(3)
        /// The limit for an inspection, and for `GET /info`.
        package var inspect: Duration = .seconds(10)
        /// The limit for `POST /containers/create`.
        package var create: Duration = .seconds(60)
        /// The limit for `POST /containers/{id}/start`.
        package var start: Duration = .seconds(60)
        /// The limit for a stop, in addition to the container's own time to stop.
        package var stopSlack: Duration = .seconds(20)
        /// The limit for `POST /containers/{id}/kill`. After a stop without an answer, also the limit for the killed
        /// container's end.
        package var kill: Duration = .seconds(15)
        /// The limit for `DELETE /containers/{id}`.
        package var remove: Duration = .seconds(60)
        /// The limit for a removal begun by another client.
        package var removeInProgress: Duration = .seconds(30)
        /// The limit for `GET /containers/json`, including the inspections of the rows.
        package var list: Duration = .seconds(30)
        /// The limit for the Docker Engine's answer to a subscription.
        package var eventsHead: Duration = .seconds(10)
        /// The limit for a credential helper. Error: ``DockerPort/DockerError/Code/imageAuthentication``.
        package var credentialHelper: Duration = .seconds(30)
        /// The limit for the first bytes of a pull.
        package var pullFirstByte: Duration = .seconds(60)
        /// The limit between two pieces of a pull's answer.
        package var pullInactivity: Duration = .seconds(120)
        /// The same limit while Docker unpacks layers. Slow disks report progress rarely.
        package var pullExtracting: Duration = .seconds(600)
        /// The limit for a whole pull.
        package var pullTotal: Duration = .seconds(900)
        /// The limit for cleaning up after a failed run. The run's own error stays.
        package var cleanup: Duration = .seconds(10)

        package init() {}
    }
}
