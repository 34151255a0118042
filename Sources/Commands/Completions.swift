import ArgumentParser
import JobContract
import JobQueue
import Logging
import QueueAdmin
import Redis
import Settings

/// Ids that a shell offers for an argument, as Redis has them at the moment.
///
/// A shell waits for the answer, so a slow or absent Redis offers nothing.
enum Completions {
    /// The longest time for an answer.
    private static let limit = Duration.milliseconds(700)
    /// The greatest number of offered ids.
    private static let most = 200

    static let games = CompletionKind.custom { words, _, prefix in
        await offers(words, prefix) { queue in
            try await queue.games(with: prefix, limit: 2_000).games.map(\.gameID.text)
        }
    }

    static let jobs = CompletionKind.custom { words, _, prefix in
        await offers(words, prefix) { queue in
            try await queue.jobs(JobFilter(), isBrief: true, limit: most, decoder: JobDecoder()).jobs.map(\.id.text)
        }
    }

    static let deadLetters = CompletionKind.custom { words, _, prefix in
        await offers(words, prefix) { try await $0.deadLetters(limit: most).map(\.jobID.text) }
    }

    static let nodes = CompletionKind.custom { words, _, prefix in
        await offers(words, prefix) { try await $0.nodeNames().map(\.text) }
    }

    static let queues = CompletionKind.custom { words, _, prefix in
        await offers(words, prefix) { try await $0.knownQueues() + $0.pausedQueues() }
    }

    static let queuesWithoutWorker = CompletionKind.custom { words, _, prefix in
        await offers(words, prefix) { try await $0.queuesWithoutWorker() }
    }

    /// Returns the sorted names that begin with the typed text, of those that `read` finds in time.
    private static func offers(
        _ words: [String],
        _ prefix: String,
        _ read: @escaping @Sendable (JobQueue) async throws -> [String]
    ) async -> [String] {
        guard let settings = try? Settings.load(from: .process(flags: flags(in: words)), for: .everyone).settings,
            let configuration = try? settings.redisConfiguration()
        else { return [] }
        let found = await withTaskGroup(of: [String].self) { group in
            group.addTask { (try? await ask(configuration, settings, read)) ?? [] }
            group.addTask {
                try? await Task.sleep(for: limit)
                return []
            }
            defer { group.cancelAll() }
            return await group.next() ?? []
        }
        let shell = CompletionShell.requesting
        return Set(found.filter { $0.hasPrefix(prefix) }).sorted().prefix(most).map { escaped($0, for: shell) }
    }

    /// Returns a name as a shell reads it: zsh takes what follows a colon for a description.
    static func escaped(_ name: String, for shell: CompletionShell?) -> String {
        shell == .zsh ? name.replacing("\\", with: "\\\\").replacing(":", with: "\\:") : name
    }

    private static func ask(
        _ configuration: RedisConfiguration,
        _ settings: Settings,
        _ read: @escaping @Sendable (JobQueue) async throws -> [String]
    ) async throws -> [String] {
        let silent = Logger(label: "rtmanager") { _ in SwiftLogNoOpLogHandler() }
        return try await RedisClient.withClient(configuration, clientName: "rtmanager-cli", logger: silent) { client in
            let nobody = WorkerIdentity(id: "", node: "", nonce: "")
            let keys = Keyspace(namespace: settings.namespace)
            return try await read(JobQueue(redis: client, keys: keys, worker: nobody, options: JobQueueOptions()))
        }
    }

    /// Returns the flags of a typed command that say where Redis is.
    static func flags(in words: [String]) -> [String: String] {
        let names = [
            "--redis-url": "RTM_REDIS_URL", "--redis-password-file": "RTM_REDIS_PASSWORD_FILE",
            "--namespace": "RTM_NAMESPACE", "--config": SettingDescriptor.configName,
        ]
        var flags: [String: String] = [:]
        for (index, word) in words.enumerated() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard let flag = parts.first, let name = names[flag] else { continue }
            flags[name] = parts.count == 2 ? parts[1] : index + 1 < words.count ? words[index + 1] : nil
        }
        return flags
    }
}
