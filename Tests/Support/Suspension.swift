import Foundation

/// Freezes a process and waits until each of its threads stands still: the signal alone comes back before that.
func suspendProcess(_ pid: Int32) {
    guard kill(pid, SIGSTOP) == 0 else { return }
    let end = ContinuousClock.now.advanced(by: .seconds(2))
    while ContinuousClock.now < end, !isStandingStill(pid) { sched_yield() }
}

/// What Linux knows of a process.
enum ProcessState {
    /// Whether the process has ended. Its parent may not have read its status yet.
    static func hasEnded(_ pid: Int32) -> Bool {
        if kill(pid, 0) != 0 { return true }
        let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return status.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
}

private func isStandingStill(_ pid: Int32) -> Bool {
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
    return threads.allSatisfy { thread in
        let status = (try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/stat", encoding: .utf8)) ?? ""
        // The name before it, in brackets, may hold anything.
        let state = status.split(separator: ")").last?.split(separator: " ").first
        return state == nil || state == "T" || state == "Z"
    }
}
