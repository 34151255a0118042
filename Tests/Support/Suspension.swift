import Foundation

/// Freezes a process and waits until each of its threads stands still: the signal alone comes back before that.
func suspendProcess(_ pid: Int32) {
    guard kill(pid, SIGSTOP) == 0 else { return }
    let end = ContinuousClock.now.advanced(by: .seconds(2))
    while ContinuousClock.now < end, !isStandingStill(pid) { sched_yield() }
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
