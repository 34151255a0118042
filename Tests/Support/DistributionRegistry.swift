import Foundation

/// The registry that the world uses (Debian's package `docker-registry`), on loopback and with a folder of its own.
package struct DistributionRegistry: Sendable {
    /// `127.0.0.1:PORT`, the begin of references.
    package let address: String

    /// Runs `body` beside a registry that has nothing yet.
    package static func with(_ body: (DistributionRegistry) async throws -> Void) async throws {
        let directory = try temporaryDirectory("registry")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let address = "127.0.0.1:\(try FreePort.find())"
        let settings = """
            version: 0.1
            log: {level: warn}
            storage: {filesystem: {rootdirectory: \(directory)/data}}
            http: {addr: \(address)}
            """
        let file = directory + "/config.yml"
        try Data(settings.utf8).write(to: URL(fileURLWithPath: file))
        let command = ["docker-registry", "serve", file]
        let server = try await ChildProcess.start(command, logPath: directory + "/log")
        do {
            try await eventually("the registry") {
                guard server.isRunning else { throw Overdue(withLogs: "the registry ended") }
                return await isAnswered(address)
            }
            try await body(DistributionRegistry(address: address))
        } catch {
            await server.end()
            throw error
        }
        await server.end()
    }

    private static func isAnswered(_ address: String) async -> Bool {
        (try? await Tool.run(["curl", "--silent", "--fail", "http://\(address)/v2/"])) != nil
    }
}
