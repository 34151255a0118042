import AsyncHTTPClient
import DockerPort
import Glibc
import NIOCore
import NIOHTTP1
import Primitives
import Testing

@testable import DockerEngine

@Suite("A failed connection to the Docker Engine")
struct TransportFailureTests {
    private let endpoint = DockerEngine.Endpoint.unix(path: "/d.sock")

    private func request(_ operation: EngineOperation) -> EngineRequest {
        EngineRequest(operation, .GET, [], deadline: .seconds(7))
    }

    @Test(
        "means that nothing was sent if there was no connection",
        arguments: [ENOENT, ECONNREFUSED, EACCES, EAGAIN, ENOTSOCK]
    )
    func notSent(code: CInt) {
        let failure = TransportFailure(IOError(errnoCode: code, reason: "connect"))
        let error = failure.dockerError(request(.create), endpoint: endpoint)
        #expect(error.code == .unavailable)
        #expect(error.retryable)
        #expect(!error.mayHaveHappened)
        #expect(error.message.contains("unix:///d.sock"))
    }

    @Test("means a possible effect if the connection broke", arguments: [ECONNRESET, EPIPE])
    func lost(code: CInt) {
        let failure = TransportFailure(IOError(errnoCode: code, reason: "read"))
        #expect(failure.dockerError(request(.create), endpoint: endpoint).mayHaveHappened)
        #expect(failure.dockerError(request(.create), endpoint: endpoint).code == .unavailable)
        #expect(!failure.dockerError(request(.list), endpoint: endpoint).mayHaveHappened)
    }

    @Test("is recognised by the HTTP client's errors")
    func clientErrors() {
        #expect(TransportFailure(HTTPClientError.remoteConnectionClosed) == .lost("the Engine closed the connection"))
        #expect(TransportFailure(HTTPClientError.cancelled) == .cancelled)
        #expect(TransportFailure(HTTPClientError.deadlineExceeded) == .deadline)
        #expect(TransportFailure(HTTPClientError.connectTimeout) == .notSent("no connection within the time for it"))
        #expect(TransportFailure(CancellationError()) == .cancelled)
        #expect(TransportFailure(DeadlinePassed()) == .deadline)
        #expect(TransportFailure(NIOTooManyBytesError(maxBytes: 1)) == .tooLong)
        let late = TransportFailure.deadline.dockerError(request(.start), endpoint: endpoint)
        #expect(late.code == .timeout)
        #expect(late.mayHaveHappened)
        #expect(late.message == "start: no answer within 7s")
    }
}
