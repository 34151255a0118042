import Logging
import ServiceLifecycle
import Settings
import Synchronization
import Testing

@testable import Commands
@testable import Terminal

/// A service that runs until the end of its group, and records the kind of end.
private final class Recorder: Service {
    private let end = Mutex("")

    var text: String { end.withLock { $0 } }

    func run() async throws {
        do {
            try await gracefulShutdown()
            end.withLock { $0 = "ended gracefully" }
        } catch {
            end.withLock { $0 = "cancelled" }
        }
    }
}

/// A service that ends at once, with or without an error.
private struct Brief: Service {
    var error: CommandError?

    func run() async throws { if let error { throw error } }
}

@Suite("Services of a worker", .timeLimit(.minutes(1)))
struct ServiceGroupTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("the end of the last service ends the others gracefully", arguments: [nil, CommandError.outOfReach("away")])
    func end(error: CommandError?) async throws {
        let recorder = Recorder()
        let group = Actions.group([recorder, Brief(error: error)], Settings(cores: 1), logger)
        do {
            try await group.run()
            #expect(error == nil)
        } catch {
            #expect(error as? CommandError == .outOfReach("away"))
        }
        #expect(recorder.text == "ended gracefully")
    }
}
