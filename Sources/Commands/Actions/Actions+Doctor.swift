import Diagnostics
import DockerEngine
import JobContract
import JobQueue
import Logging
import Redis
import Settings
import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Actions {
    /// Checks everything a worker with these settings needs, and prints each finding with its fix.
    static func examine(
        images: [String],
        _ output: OutputFormat,
        _ context: CommandContext
    ) async throws(CommandError) {
        var findings = [
            Finding.ok("rtmanager", "version \(RootCommand.version), namespace \(context.settings.namespace)")
        ]
        findings += try await redisFindings(context)
        findings += try await engineFindings(images, context)
        let host = ProcessInfo.processInfo.environment["DOCKER_HOST"] ?? ""
        let isRemote = host.hasPrefix("tcp://") && !host.hasPrefix("tcp://127.") && !host.hasPrefix("tcp://localhost")
        findings += HostFacts.read(context.settings, isRemoteEngine: isRemote).findings
        let diagnosis = Diagnosis(findings: findings)
        if output == .json {
            for finding in findings { StandardOutput.write(line: finding.json.line) }
        } else {
            for line in diagnosis.lines(on: .standardOutput) { StandardOutput.write(line: line) }
        }
        if let error = diagnosis.error { throw error }
    }

    private static func redisFindings(_ context: CommandContext) async throws(CommandError) -> [Finding] {
        let name = try context.settings.redisConfiguration().displayName
        // A signing key that cannot be read is a finding of its own.
        let pushedAt = (try? pushTimes(context.settings)) ?? { @Sendable _ in nil }
        // An unreachable Redis is a finding. The other checks run all the same.
        var quiet = context
        quiet.logger.logLevel = .critical
        do throws(CommandError) {
            // A replica is a finding, too, with the address of its master.
            let found = try await withQueue(quiet, acceptsReplica: true) { queue in
                let examination = RedisExamination(queue: queue, pushedAt: pushedAt)
                try await examination.ping(within: queue.client.configuration.reachTimeout)
                let facts = try await examination.facts()
                return (server: queue.client.serverName, findings: facts.findings)
            }
            return [.ok("redis", "\(found.server) answers")] + found.findings
        } catch {
            return [
                .outOfReach(
                    "redis",
                    error.description,
                    mend: RedisHint.mend(for: error.description, at: name)
                )
            ]
        }
    }

    private static func engineFindings(
        _ images: [String],
        _ context: CommandContext
    ) async throws(CommandError) -> [Finding] {
        var quiet = context.logger
        quiet.logLevel = .critical
        let docker = try engine(logger: quiet)
        let examination = EngineExamination(docker: docker, settings: context.settings, images: images)
        let findings = await examination.facts().findings
        await docker.shutdown()
        return findings
    }
}
