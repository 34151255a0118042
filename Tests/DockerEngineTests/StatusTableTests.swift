import DockerPort
import Glibc
import NIOCore
import NIOHTTP1
import Testing

@testable import DockerEngine

/// Every endpoint with every status. The texts of the other tests decide only if a status has several meanings.
@Suite("What a status means at each endpoint, whatever the text says")
struct StatusTableTests {
    /// The codes for the statuses with a meaning of their own, by endpoint.
    private static let special: [EngineOperation: [Int: DockerError.Code]] = [
        .inspectNetwork: [400: .invalidSpec, 404: .networkMissing],
        .inspectImage: [400: .invalidSpec, 404: .imageNotFound],
        .inspectContainer: [404: .containerNotFound], .stop: [404: .containerNotFound],
        .remove: [404: .containerNotFound],
        .kill: [400: .invalidSpec, 404: .containerNotFound, 409: .containerNotRunning],
        .create: [400: .invalidSpec, 404: .imageNotFound, 409: .nameConflict],
        .start: [400: .startFailed, 404: .containerNotFound], .ping: [:], .info: [:], .list: [:], .events: [:],
        .disconnect: [:],
        .pull: [
            400: .invalidSpec, 401: .imageAuthentication, 403: .imageAuthentication, 404: .imageNotFound,
            409: .pullFailed, 418: .pullFailed, 429: .rateLimited, 500: .pullFailed, 502: .pullFailed,
            504: .pullFailed,
        ],
    ]

    private static let statuses = [400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 504]

    @Test("has a row for every endpoint")
    func complete() {
        #expect(Set(Self.special.keys) == Set(EngineOperation.allCases))
    }

    @Test("is the meaning in the table, otherwise the general meaning", arguments: EngineOperation.allCases, statuses)
    func meaning(operation: EngineOperation, status: Int) {
        let error = DockerError.answer(operation, status: status, body: #"{"message":"x"}"#)
        let general: DockerError.Code = status == 503 ? .unavailable : .engineError
        #expect(error.code == Self.special[operation]?[status] ?? general)
        #expect(error.retryable == (status >= 500 || status == 429))
        #expect(error.status == status)
        // The Engine has answered, so the caller knows that nothing else happens.
        #expect(!error.mayHaveHappened)
    }

    @Test("is an outage for 503, at every endpoint", arguments: EngineOperation.allCases)
    func outage(operation: EngineOperation) {
        for body in ["", "<html>", #"{"message":"dial tcp: connection refused"}"#, #"{"message":"x509: expired"}"#] {
            let error = DockerError.answer(operation, status: 503, body: body)
            #expect(error.code == .unavailable, "\(body)")
            #expect(error.retryable, "\(body)")
        }
    }
}

@Suite("The words of a failed pull")
struct PullWordTests {
    /// Every word that decides, with the reason.
    static let words: [(String, PullRefusal)] = [
        ("toomanyrequests", .rateLimited), ("too many requests", .rateLimited), ("rate limit", .rateLimited),
        ("no matching manifest", .otherPlatform), ("manifest unknown", .unknownImage),
        ("manifest for x not found", .unknownImage), ("name unknown", .unknownImage),
        ("repository name not known", .unknownImage), ("parsing http 404", .unknownImage),
        ("unknown: <html>not here</html>", .unknownImage),
        ("unauthorized", .credentials), ("authentication required", .credentials), ("access denied", .credentials),
        ("no basic auth credentials", .credentials), ("no space left on device", .noSpace),
        ("disk quota exceeded", .noSpace), ("x509", .insecure), ("bad certificate", .insecure), ("tls: x", .insecure),
        ("http response to https client", .insecure), ("dial tcp", .unreachable), ("no such host", .unreachable),
        ("connection refused", .unreachable), ("connection reset", .unreachable), ("no route to host", .unreachable),
        ("network is unreachable", .unreachable), ("timeout", .unreachable), ("deadline exceeded", .unreachable),
        ("request canceled", .unreachable), ("verification failed", .corrupt), ("unexpected eof", .corrupt),
        ("wrong digest", .corrupt), ("checksum", .corrupt), ("parsing http", .notUnderstood),
        ("unexpected http status", .notUnderstood), ("invalid character", .notUnderstood),
        ("unmarshal", .notUnderstood), ("unsupported", .notUnderstood), ("something else", .other),
    ]

    @Test("decide on the reason, in a line of the pull and in an answer", arguments: words)
    func decide(word: String, refusal: PullRefusal) {
        #expect(PullRefusal(status: nil, text: "x: \(word) y") == refusal)
        #expect(PullRefusal(status: 500, text: "x: \(word.uppercased()) y") == refusal)
    }
}

@Suite("The causes of a failed start that repeat with the same container")
struct LastingCauseTests {
    @Test(
        "end the start at once",
        arguments: [
            "exec: \"x\": executable file not found in $PATH", "unable to find user nobody: no such user",
            "unable to find group games", "no matching entries in passwd file", "no matching entries in group file",
            "exec format error", "are you trying to mount a directory onto a file (or vice-versa)?",
        ]
    )
    func causes(text: String) {
        let error = DockerError.answer(.start, status: 500, body: Samples.message("OCI runtime create failed: \(text)"))
        #expect(error.code == .startFailed)
        #expect(!error.retryable)
    }
}

@Suite("The errors of the operating system while a connection is opened")
struct ConnectErrorTests {
    @Test(
        "mean that nothing was sent",
        arguments: [
            ENOENT, ECONNREFUSED, EACCES, EPERM, ENOTSOCK, EPROTOTYPE, EAGAIN, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL,
            EHOSTDOWN, EMFILE, ENFILE, ENOBUFS,
        ]
    )
    func notSent(code: CInt) {
        let failure = TransportFailure(IOError(errnoCode: code, reason: "connect"))
        guard case .notSent = failure else {
            Issue.record("\(code) is \(failure)")
            return
        }
        let request = EngineRequest(.create, .POST, [], deadline: .seconds(1))
        #expect(!failure.dockerError(request, endpoint: .unix(path: "/d.sock")).mayHaveHappened)
    }

    @Test("mean for a changing call that the change may have happened, whatever ended the answer")
    func mayHaveHappened() {
        let endings: [TransportFailure] = [.lost("x"), .deadline, .cancelled, .tooLong]
        for operation in EngineOperation.allCases {
            let request = EngineRequest(operation, .POST, [], deadline: .seconds(1))
            for ending in endings {
                let error = ending.dockerError(request, endpoint: .unix(path: "/d.sock"))
                #expect(error.mayHaveHappened == operation.changes, "\(operation) \(ending)")
            }
            let unsent = TransportFailure.notSent("x").dockerError(request, endpoint: .unix(path: "/d.sock"))
            #expect(!unsent.mayHaveHappened)
        }
    }
}
