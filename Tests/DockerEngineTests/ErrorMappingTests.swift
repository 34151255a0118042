import AsyncHTTPClient
import DockerPort
import Glibc
import NIOCore
import NIOHTTP1
import Primitives
import Testing

@testable import DockerEngine

@Suite("Error responses of the Docker Engine")
struct ErrorMappingTests {
    @Test(
        "of a Swarm begin with the reason for a person",
        arguments: [
            (
                "Could not attach to network n: rpc error: code = NotFound desc = network n not found",
                "start: neither the Docker Engine nor its Swarm has the network: Could not"
            ),
            (
                "Could not attach to network n: rpc error: code = PermissionDenied desc = network n not manually attachable",
                "start: the network is a Swarm network that was created without --attachable: Could not"
            ),
            ("Could not attach to network n: context deadline exceeded", "start: no Swarm manager answered: Could not"),
            (
                "attaching to network failed, make sure your network options are correct and check manager logs: context "
                    + "deadline exceeded",
                "start: the Swarm assigned no address in time: a manager was slow, or no address is free: attaching"
            ),
        ]
    )
    func swarm(said: String, beginning: String) {
        let error = DockerError.answer(.start, status: 500, body: #"{"message":"\#(said)"}"#)
        #expect(error.message.hasPrefix(beginning), "\(error.message)")
    }

    typealias Row = (EngineOperation, Int, String, DockerError.Code, Bool)

    @Test(
        "mean what endpoint and status say, then what the text says",
        arguments: [
            (.inspectNetwork, 404, "network nope not found", .networkMissing, false),
            (.inspectNetwork, 400, "2 matches found based on name: network x is ambiguous", .networkAmbiguous, false),
            (.inspectImage, 404, "no such image: nope:1", .imageNotFound, false),
            (.inspectImage, 400, "invalid reference format: repository name must be lowercase", .invalidSpec, false),
            (.inspectContainer, 404, "No such container: x", .containerNotFound, false),
            (
                .inspectContainer, 500, "container 8c8e does not exist in database: no such container",
                .containerNotFound, false
            ),
            (.stop, 500, "container 8c8e does not exist in database: no such container", .containerNotFound, false),
            (.inspectContainer, 500, "Multiple IDs found with provided prefix: d", .engineError, true),
            (.stop, 404, "No such container: x", .containerNotFound, false),
            (
                .stop, 500, "cannot stop container: tried to kill container, but did not receive an exit event",
                .engineError, true
            ),
            (.kill, 404, "No such container: x", .containerNotFound, false),
            (.kill, 409, "Cannot kill container: x: Container x is not running", .containerNotRunning, false),
            (.kill, 400, "Invalid signal: X", .invalidSpec, false),
            (.remove, 404, "No such container: x", .containerNotFound, false),
            (.remove, 409, "You cannot remove a running container", .engineError, false),
            (.remove, 500, "driver overlay2 failed: device or resource busy", .engineError, true),
            (.create, 404, "No such image: nope:1", .imageNotFound, false),
            (.create, 404, "network nope-net not found", .networkMissing, false),
            (.create, 409, "Conflict. The container name \\\"/x\\\" is already in use", .nameConflict, false),
            (.create, 400, "Invalid container name (x)", .invalidSpec, false),
            (.create, 400, "Minimum memory limit allowed is 6MB", .invalidSpec, false),
            (.create, 400, "Duplicate mount point: /data", .invalidSpec, false),
            (.create, 500, "EOF", .engineError, false),
            (
                .create, 500, "container create: unable to find network with name or ID n: network not found",
                .networkMissing, false
            ),
            (
                .create, 500, "creating container storage: the container name \\\"p2\\\" is already in use by 8c8e",
                .nameConflict, false
            ),
            (.kill, 500, "can only kill running containers. 8c8e is in state created", .containerNotRunning, false),
            (.kill, 500, "no space left on device", .engineError, true),
            (.create, 500, "invalid character 'x' looking for beginning of value", .engineError, false),
            (.create, 500, "json: cannot unmarshal string into Go struct field", .engineError, false),
            (.create, 500, "no space left on device", .engineError, true),
            (.start, 404, "network nope-net not found", .networkMissing, false),
            (.start, 404, "failed to set up container networking: network nope not found", .networkMissing, false),
            (.start, 404, "No such container: x", .containerNotFound, false),
            (.start, 400, "2 matches found: network x is ambiguous", .networkAmbiguous, false),
            (.start, 400, "OCI runtime create failed: exec: \\\"/bin/nope\\\": no such file", .startFailed, false),
            (.start, 500, "OCI runtime create failed: sethostname: invalid argument", .startFailed, true),
            (.start, 500, "failed to initialize logging driver: dial tcp", .startFailed, true),
            (.start, 500, "Could not attach to network X: rpc error: code = NotFound desc = x", .networkMissing, false),
            (.start, 500, "Could not attach to network X: rpc error: code = DeadlineExceeded", .engineError, true),
            (.start, 500, "Could not attach to network X: context deadline exceeded", .engineError, true),
            (.start, 404, "network d5fcqt4xsqzxcy0f7p8fx25ky not found", .engineError, true),
            (.start, 500, "could not find network x after successful attachment", .engineError, true),
            (.start, 500, "attaching to network failed, make sure your network options are …", .engineError, true),
            (.start, 403, "rpc error: PermissionDenied: network x not manually attachable", .startFailed, false),
            (.start, 409, "cannot start a paused container", .engineError, false),
            (.start, 403, "endpoint with name x already exists in network n", .engineError, true),
            (.start, 500, "endpoint with name x already exists in network n", .engineError, true),
            (.start, 500, "device or resource busy", .engineError, true), (.start, 503, "busy", .unavailable, true),
            (.pull, 503, "Service Unavailable", .unavailable, true),
            (.pull, 404, "manifest for x:1 not found: manifest unknown", .imageNotFound, false),
            (.pull, 500, "manifest unknown", .imageNotFound, false),
            (
                .pull, 404, "pull access denied for x, repository does not exist or may require 'docker login'",
                .imageAuthentication, false
            ),
            (.pull, 500, "denied: requested access to the resource is denied", .imageAuthentication, false),
            (.pull, 500, "unauthorized: authentication required", .imageAuthentication, false),
            (.pull, 401, "login", .imageAuthentication, false),
            (.pull, 500, "toomanyrequests: You have reached your pull rate limit", .rateLimited, true),
            (.pull, 429, "slow down", .rateLimited, true),
            (.pull, 500, "Get https://registry/v2/: dial tcp: connection refused", .pullFailed, true),
            (.pull, 500, "dial tcp: lookup registry: no such host", .pullFailed, true),
            (.pull, 500, "no matching manifest for linux/arm64 in the manifest list entries", .imageNotFound, false),
            (.pull, 400, "invalid reference format", .invalidSpec, false),
            (.list, 400, "invalid filter", .engineError, false),
            (.events, 500, "strconv.ParseInt", .engineError, true),
            (.info, 503, "unavailable", .unavailable, true),
            (.ping, 502, "bad gateway", .engineError, true),
            (.inspectContainer, 403, "authorization denied by plugin", .engineError, false),
            (.inspectContainer, 301, "", .invalidAnswer, false),
        ] as [Row]
    )
    func maps(operation: EngineOperation, status: Int, text: String, code: DockerError.Code, retryable: Bool) {
        let error = DockerError.answer(operation, status: status, body: #"{"message":"\#(text)"}"#)
        #expect(error.code == code)
        #expect(error.retryable == retryable)
        #expect(error.status == status)
        #expect(!error.mayHaveHappened)
        #expect(error.operation == operation.portOperation)
    }

    @Test("keep the Docker Engine's text without control characters")
    func words() {
        let plain = DockerError.answer(.list, status: 400, body: "client version 1.50 is too new\n")
        #expect(plain.message == "list: client version 1.50 is too new (status 400)")
        let hostile = DockerError.answer(.list, status: 400, body: #"{"message":"a\u001b[31mb\u202ec"}"#, caller: "run")
        #expect(hostile.message == "list: a [31mb c (status 400)")
        #expect(hostile.operation == "run")
        let long = DockerError.answer(.list, status: 400, body: Samples.message(String(repeating: "é", count: 5_000)))
        #expect((1_022...1_024).contains(long.message.utf8.count))
    }

    @Test("lose text that a proxy in front of the Docker Engine wrote")
    func foreignBody() {
        let page = DockerError.answer(.create, status: 502, body: "<h1>secret of 10.0.0.7</h1>")
        #expect(page.message == "create: the answer is not one of the Docker API (status 502)")
        #expect(page.detail == "<h1>secret of 10.0.0.7</h1>")
        #expect(!page.description.contains("secret"))
        #expect(DockerError.answer(.create, status: 500, body: " ").message == "create: no reason given (status 500)")
    }

    @Test(
        "of a pull get our own text, never the registry's",
        arguments: [
            (404, "manifest unknown: secret", "the registry has no such image"),
            (500, "no matching manifest for secret", "machines of other kinds only"),
            (401, "secret", "refused the credentials"), (500, "denied: secret", "refused the credentials"),
            (429, "secret", "fewer pulls"), (500, "toomanyrequests: secret", "fewer pulls"),
            (400, "secret", "image's reference"), (503, "secret", "is not available"),
            (418, "secret", "refused the pull"),
            (500, "Get https://secret/v2/: dial tcp: connection refused", "cannot be reached"),
            (500, "lookup secret: no such host", "cannot be reached"), (500, "secret i/o timeout", "cannot be reached"),
            (500, "x509: certificate signed by secret", "no trusted connection"),
            (500, "http: server gave HTTP response to HTTPS client secret", "no trusted connection"),
            (500, "write /secret: no space left on device", "no space left"),
            (500, "filesystem layer verification failed for digest sha256:secret", "not the image that it promised"),
            (500, "error parsing HTTP 200 response body: invalid character 's': secret", "was not understood"),
            (500, "received unexpected HTTP status: 502 secret", "was not understood"),
            (500, "secret", "the pull failed"),
        ] as [(Int, String, String)]
    )
    func pullWords(status: Int, text: String, part: String) {
        let shown = DockerError.answer(.pull, status: status, body: Samples.message(text))
        #expect(shown.message.contains(part), "\(shown.message)")
        #expect(!shown.message.contains("secret") && !shown.description.contains("secret"))
        #expect(shown.detail == text)
        if status == 500 {
            let line = DockerError.pullLine(text)
            #expect(line.message == shown.message.replacing(" (status 500)", with: ""))
            #expect(line.detail == text && line.code == shown.code)
        }
    }

    @Test("of a pull have one sentence for each kind")
    func pullSentences() {
        #expect(Set(PullRefusal.allCases.map(\.sentence)).count == PullRefusal.allCases.count)
    }

    @Test("are retryable by status at every endpoint", arguments: EngineOperation.allCases)
    func retries(operation: EngineOperation) {
        func error(_ status: Int) -> DockerError {
            .answer(operation, status: status, body: Samples.message("device or resource busy"))
        }
        // Whatever the words, no status is both final here and passing there.
        for status in [500, 502, 504] { #expect(error(status).retryable, "\(operation) \(status)") }
        #expect(error(429).retryable)
        #expect(error(503).retryable && error(503).code == .unavailable && error(503).status == 503)
        for status in [400, 401, 403, 404, 405, 409, 413, 418] {
            #expect(!error(status).retryable, "\(operation) \(status)")
        }
        // A pull may break off behind any status.
        for status in [204, 301, 304] where operation != .pull {
            #expect(!error(status).retryable, "\(operation) \(status)")
        }
    }

    @Test(
        "of a start are retryable for any 5xx that is not permanent for the container",
        arguments: [
            ("device or resource busy", true), ("OCI runtime create failed: x: device or resource busy", true),
            ("failed to create shim task: OCI runtime create failed: sethostname: invalid argument", true),
            ("driver failed programming external connectivity", true),
            ("linux spec user: unable to find user nobody: no matching entries in passwd file", false),
            ("OCI runtime create failed: exec: x: executable file not found in $PATH", false),
            ("OCI runtime create failed: exec format error", false),
            ("are you trying to mount a directory onto a file (or vice-versa)", false),
        ]
    )
    func starts(text: String, retryable: Bool) {
        for status in [500, 502, 504] where retryable || status == 500 {
            #expect(DockerError.answer(.start, status: status, body: Samples.message(text)).retryable == retryable)
        }
    }

    @Test(
        "within a pull's response are classified by their text alone",
        arguments: [
            ("manifest unknown", DockerError.Code.imageNotFound),
            ("unauthorized: authentication required", .imageAuthentication),
            ("toomanyrequests: limit", .rateLimited),
            ("filesystem layer verification failed for digest sha256:1", .pullFailed),
            ("unexpected EOF", .pullFailed),
        ]
    )
    func pullLines(text: String, code: DockerError.Code) {
        #expect(DockerError.pullLine(text).code == code)
    }
}
