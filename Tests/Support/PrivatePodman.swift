import Foundation

/// Podman's Docker-compatible socket, for one test. Needs root and the packages `podman` and `catatonit`.
package enum PrivatePodman {
    /// Runs `body` with the service, which keeps all that it has in a folder of its own.
    ///
    /// - Parameter registry: `HOST:PORT` of a registry over plain HTTP that it may pull from.
    package static func with(registry: String, _ body: (TestEngine) async throws -> Void) async throws {
        // Sockets have short paths, and Podman makes some below this.
        let directory = "/tmp/rtmp-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let registries = "[[registry]]\nlocation = \"\(registry)\"\ninsecure = true\n"
        try Data(registries.utf8).write(to: URL(fileURLWithPath: directory + "/registries.conf"))
        try FileManager.default.createDirectory(atPath: directory + "/networks", withIntermediateDirectories: true)
        let engine = TestEngine(host: "unix://\(directory)/podman.sock")
        let service = try await ChildProcess.start(
            [
                "podman", "--root", directory + "/root", "--runroot", directory + "/run", "--tmpdir",
                directory + "/tmp",
                "--network-config-dir", directory + "/networks", "--cgroup-manager", "cgroupfs", "--events-backend",
                "file", "system", "service", "--time", "0", engine.host,
            ],
            environment: ["CONTAINERS_REGISTRIES_CONF": directory + "/registries.conf"],
            logPath: directory + "/podman.log"
        )
        let result: Result<Void, any Error>
        do {
            try await eventually("Podman's service") {
                guard service.isRunning else { throw Overdue(withLogs: "Podman's service ended") }
                return (try? await engine.requireAnswer()) != nil
            }
            try await body(engine)
            result = .success(())
        } catch {
            result = .failure(ProcessLogs.completed(error))
        }
        await service.end()
        // What it has mounted below the folder goes first.
        _ = try? await Tool.run(["umount", "--recursive", "--lazy", directory + "/root/overlay"])
        try? FileManager.default.removeItem(atPath: directory)
        try result.get()
    }
}
