import Foundation

/// The Docker Engine that tests run against.
package struct TestEngine: Sendable, Equatable {
    /// Where it is, as `DOCKER_HOST` says it.
    package let host: String

    package init(host: String) { self.host = host }

    /// The Engine that the environment names: `RTM_TEST_DOCKER_HOST`, else `DOCKER_HOST`, else the default socket.
    package static func fromEnvironment() -> TestEngine {
        let environment = ProcessInfo.processInfo.environment
        let named = [environment["RTM_TEST_DOCKER_HOST"], environment["DOCKER_HOST"]].compactMap { $0 }
        return TestEngine(host: named.first { !$0.isEmpty } ?? "unix:///var/run/docker.sock")
    }

    /// Runs Docker's command line on this Engine and answers what it printed.
    @discardableResult
    package func docker(_ arguments: String...) async throws -> String { try await docker(arguments) }

    /// The same with a list of arguments.
    @discardableResult
    package func docker(_ arguments: [String]) async throws -> String {
        try await Tool.run(["docker", "--host", host] + arguments)
    }

    /// Fails, with a sentence that says what to do, where no Engine answers.
    package func requireAnswer() async throws {
        do {
            try await docker("version", "--format", "{{.Server.Version}}")
        } catch {
            throw ToolFailure(
                description:
                    "these tests need a Docker Engine, and none answers at \(host): start one, or name another "
                    + "in RTM_TEST_DOCKER_HOST (\(error))"
            )
        }
    }
}
