extension DockerEngine {
    /// Where the Engine is, and how long each of its operations may take.
    package struct Configuration: Sendable, Equatable {
        /// Where the Engine listens.
        package var endpoint: Endpoint
        /// How long operations may take.
        package var deadlines: Deadlines
        /// Docker's own file with the credentials of registries, `config.json`; nil: none are used.
        package var registryFile: String?
        /// Directories of credential helpers, as `PATH` has them; nil: those of `PATH`.
        package var helperPath: String?
        /// Most bytes of one answer; a longer one fails its call. The list of containers is read row by row and may
        /// be of any length; a row with more bytes is left out.
        package var maximumAnswerBytes: Int
        /// Most events that wait for the reader of ``DockerEngine/eventsListen(since:)``; one more ends the stream.
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

    /// Where an Engine listens.
    package enum Endpoint: Sendable, Equatable, CustomStringConvertible {
        /// A socket in the file system.
        case unix(path: String)
        /// A TCP port, with TLS where there are files for it.
        case tcp(host: String, port: Int, tls: TLSFiles?)

        /// Where an Engine listens when nothing else is said.
        package static let defaultSocket = "/var/run/docker.sock"

        package var description: String {
            switch self {
            case .unix(let path): "unix://\(path)"
            case .tcp(let host, let port, _): host.contains(":") ? "tcp://[\(host)]:\(port)" : "tcp://\(host):\(port)"
            }
        }
    }

    /// PEM files for TLS, named as Docker's command line names them: `ca.pem`, `cert.pem`, `key.pem`.
    package struct TLSFiles: Sendable, Equatable {
        /// Certificates of the authority that signed the Engine's certificate.
        package var authority: String
        /// Certificate chain of this client; nil: none is shown.
        package var certificate: String?
        /// Private key that belongs to it.
        package var privateKey: String?

        package init(authority: String, certificate: String? = nil, privateKey: String? = nil) {
            self.authority = authority
            self.certificate = certificate
            self.privateKey = privateKey
        }
    }

    /// How long each operation may take before it ends with ``DockerPort/DockerError/Code/timeout``.
    package struct Deadlines: Sendable, Equatable {
        /// Until a connection stands.
        package var connect: Duration = .seconds(5)
        /// `GET /_ping`.
        package var ping: Duration = .seconds(3)
        /// Inspections, and `GET /info`.
        package var inspect: Duration = .seconds(10)
        /// `POST /containers/create`.
        package var create: Duration = .seconds(60)
        /// `POST /containers/{id}/start`.
        package var start: Duration = .seconds(60)
        /// For a stop, beyond the time that it gives the container.
        package var stopSlack: Duration = .seconds(20)
        /// Until a container that was sent SIGKILL, by `kill` or after a stop that did not end, has to be gone.
        package var kill: Duration = .seconds(15)
        /// `DELETE /containers/{id}`.
        package var remove: Duration = .seconds(60)
        /// Until a removal that someone else began has to be over.
        package var removeInProgress: Duration = .seconds(30)
        /// `GET /containers/json`, with the inspections of its rows.
        package var list: Duration = .seconds(30)
        /// Until the Engine answers a subscription.
        package var eventsHead: Duration = .seconds(10)
        /// Until a credential helper has answered.
        package var credentialHelper: Duration = .seconds(30)
        /// Until the first bytes of a pull.
        package var pullFirstByte: Duration = .seconds(60)
        /// Between two signs of life of a pull.
        package var pullInactivity: Duration = .seconds(120)
        /// The same while layers are unpacked, which slow disks report on rarely.
        package var pullExtracting: Duration = .seconds(600)
        /// A pull in all.
        package var pullTotal: Duration = .seconds(900)
        /// Cleaning up after a run that failed.
        package var cleanup: Duration = .seconds(10)

        package init() {}
    }
}
