import DockerPort
import Logging
import NIOPosix
import Primitives
import Subprocess

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Finds the credentials for a pull in the files of `docker login`.
///
/// Each pull reads the credentials again: credentials change, and many expire after hours.
struct RegistryLogins: Sendable {
    /// Docker's `config.json`; nil: all pulls are without credentials.
    let file: String?
    /// The directories of credential helpers, in the format of `PATH`; nil: the process's own `PATH`.
    let helperPath: String?
    let deadline: Duration
    let logger: Logger

    /// Returns the credential for the image's registry; nil: pull without a credential.
    ///
    /// - Throws: ``DockerPort/DockerError/Code/imageAuthentication`` if the credential exists but cannot be read.
    func credential(for image: ImageReference) async throws(DockerError) -> RegistryCredential? {
        guard let file, let configuration = await configuration(file) else { return nil }
        let server = image.credentialServer
        switch configuration.source(for: server) {
        case nil: return nil
        case .credential(let credential): return credential
        case .helper(let name): return try await ask(name, for: server)
        }
    }

    /// Returns the parsed file; nil if the file does not exist or cannot be read. Many machines have no such file.
    private func configuration(_ file: String) async -> RegistryConfiguration? {
        do {
            let data = try await NIOThreadPool.singleton.runIfActive { () -> Data? in
                guard FileManager.default.fileExists(atPath: file) else { return nil }
                return try Data(contentsOf: URL(fileURLWithPath: file))
            }
            return try data.map { try JSONDecoder().decode(RegistryConfiguration.self, from: $0) }
        } catch {
            logger.warning(
                "Docker's configuration cannot be read; registries are asked without credentials",
                metadata: ["file": "\(file)", "error": "\(error)"]
            )
            return nil
        }
    }

    private func ask(_ helper: String, for server: String) async throws(DockerError) -> RegistryCredential? {
        let program = "docker-credential-" + helper
        guard helper.utf8.allSatisfy(Self.isNameByte) else {
            throw .pull(.imageAuthentication, "\(printable(helper)) is no name of a credential helper")
        }
        let result: ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
        do {
            result = try await withDeadline(deadline) {
                try await run(
                    .name(program),
                    arguments: ["get"],
                    environment: helperPath.map { .inherit.updating(["PATH": $0]) } ?? .inherit,
                    input: .string(server),
                    output: .string(limit: 64 << 10),
                    error: .string(limit: 64 << 10)
                )
            }
        } catch is DeadlinePassed {
            throw .pull(.imageAuthentication, "\(program) did not answer within \(deadline.shortText)", retryable: true)
        } catch is CancellationError {
            throw .pull(.cancelled, "cancelled while \(program) was asked")
        } catch {
            throw .pull(.imageAuthentication, "\(program) cannot be run: \(error)")
        }
        let text = result.standardOutput
        guard result.terminationStatus.isSuccess else {
            // The helper has no credential. All helpers use this text, but some print the text on standard output and
            // some on standard error.
            if (text + result.standardError).contains("credentials not found") { return nil }
            throw .pull(
                .imageAuthentication,
                "\(program) failed for \(server)",
                retryable: true,
                detail: text.trimmed
            )
        }
        guard let answer = try? JSONDecoder().decode(HelperAnswer.self, from: Data(text.utf8)) else {
            throw .pull(.imageAuthentication, "\(program) answered for \(server) what cannot be read")
        }
        return answer.credential(for: server)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isLetterOrDigit || "-_.".utf8.contains(byte)
    }
}
