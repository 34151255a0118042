import Foundation
import JobContract
import Primitives
import Synchronization

@testable import Support

/// Sees containers run by the processes in their control groups, whether their Engine answers or not.
final class ContainerWatch: Sendable {
    private struct Content {
        /// How often a process without a container was looked at. A new one may enter its control group later.
        var looks: [Int32: Int] = [:]
        var containers: [Int32: ContainerID] = [:]
        var runs: [ContainerID: (from: Timestamp, to: Timestamp)] = [:]
    }

    private static let mostLooks = 20

    private let content = Mutex(Content())

    /// The time for which each container has run at least. One that was seen once has no such time.
    var runs: [ContainerID: (from: Timestamp, to: Timestamp)] {
        content.withLock { $0.runs.filter { $0.value.from < $0.value.to } }
    }

    /// Looks at all processes once.
    func look() {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let processes = Set(entries.compactMap { Int32($0) })
        content.withLock { content in
            content.looks = content.looks.filter { processes.contains($0.key) }
            content.containers = content.containers.filter { processes.contains($0.key) }
            for process in processes {
                let begin = CampaignLog.now
                guard let id = Self.container(of: process, &content), !ProcessState.hasEnded(process) else { continue }
                content.runs[id] = (content.runs[id]?.from ?? CampaignLog.now, begin)
            }
        }
    }

    private static func container(of process: Int32, _ content: inout Content) -> ContainerID? {
        if let known = content.containers[process] { return known }
        let looks = content.looks[process, default: 0]
        guard looks < mostLooks else { return nil }
        content.looks[process] = looks + 1
        let data = FileManager.default.contents(atPath: "/proc/\(process)/cgroup") ?? Data()
        let names = String(decoding: data, as: UTF8.self).split { $0 == "/" || $0 == "\n" }
        let name = names.first { $0.utf8.count == 64 && $0.utf8.allSatisfy { $0.isHexDigit } }
        content.containers[process] = name.map { ContainerID(String($0)) }
        return content.containers[process]
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
