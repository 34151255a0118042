import AdminServer
import Foundation
import Logging
import Support
import Testing

@testable import Commands

@Suite("What systemd hears of a worker", .timeLimit(.minutes(1)))
struct SystemdTests {
    private static func readiness(_ reason: String?) -> Readiness {
        Readiness(checks: [.init(name: "redis", holds: reason == nil, reason: reason ?? "it answers")])
    }

    @Test("the worker is ready once, and alive from then on")
    func messages() {
        var messages = SystemdMessages()
        #expect(messages.next(Self.readiness("away\nnow")) == "WATCHDOG=1\nSTATUS=redis: away now")
        #expect(messages.next(Self.readiness(nil)) == "READY=1\nWATCHDOG=1\nSTATUS=takes jobs")
        #expect(messages.next(Self.readiness("away")) == "WATCHDOG=1\nSTATUS=redis: away")
        #expect(messages.next(Self.readiness(nil)) == "WATCHDOG=1\nSTATUS=takes jobs")
    }

    @Test("the messages reach the socket, and the last one says that the worker ends", arguments: ["", "@"])
    func socket(kind: String) async throws {
        let directory = try temporaryDirectory("notify")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let name = kind == "@" ? "@rtmanager-\(UUID().uuidString)" : directory + "/socket"
        let listener = """
            import os, socket, sys
            name = sys.argv[1]
            server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            server.bind("\\0" + name[1:] if name[0] == "@" else name)
            open(sys.argv[2], "w").close()
            while True:
                text = server.recv(4096).decode()
                print(text, flush=True)
                if "STOPPING=1" in text: break
            """
        let python = try await ChildProcess.start(
            ["python3", "-c", listener, name, directory + "/bound"],
            logPath: directory + "/log"
        )
        try await eventually("the socket") { FileManager.default.fileExists(atPath: directory + "/bound") }
        let stage = WorkerStage()
        let notifier = SystemdNotifier(
            socket: name,
            stage: stage,
            logger: Logger(label: "test"),
            interval: .milliseconds(10)
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await notifier.run() }
            try await eventually("a sign of life") { python.log.contains("WATCHDOG=1") }
            group.cancelAll()
        }
        #expect(await python.waitForExit(atMost: .seconds(10)) == 0)
        #expect(python.log.contains("STATUS=the worker waits for Redis or Docker before it begins"))
        #expect(!python.log.contains("READY=1"))
    }
}
