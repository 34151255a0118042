import JobContract
import Primitives

@testable import Models

/// Whether published exits have the reasons that the Engines know.
extension World {
    /// The reasons of exits that agree with no cause.
    func wrongReasons(in history: History) -> [String] {
        var runs: [ContainerID: [(run: SimulatedEngine.Run, engine: SimulatedEngine)]] = [:]
        for engine in engines { for run in engine.runs { runs[run.containerID, default: []].append((run, engine)) } }
        return history.events.filter { $0.kind == .exited }.compactMap { event in
            let known = runs[event.containerID]?.first { $0.run.from.rfc3339 == event.startedAt }
            guard let (run, engine) = known, let cause = run.cause, let reason = event.reason else { return nil }
            guard !allows(reason, cause, of: run, on: engine) else { return nil }
            return "an exit of \(run.game) at \(run.to?.rfc3339 ?? "") is \(reason), and its cause was \(cause)"
        }
    }

    private func allows(
        _ reason: String,
        _ cause: SimulatedEngine.Cause,
        of run: SimulatedEngine.Run,
        on engine: SimulatedEngine
    ) -> Bool {
        // Whoever asked for an end gets one, whatever came first. A container that is gone has no witness.
        if ["stopped", "stopped_forced", "unknown"].contains(reason) { return true }
        switch (reason, cause) {
        case ("completed", .own), ("crashed", .own), ("oom_killed", .outOfMemory), ("killed", .worker): return true
        case ("daemon_shutdown", .engine): return true
        // If nobody looked before the Engine ended, its end explains a signal.
        case ("daemon_shutdown", .worker), ("daemon_shutdown", .outOfMemory): return ends(after: run, on: engine) > 0
        // The second end hides whether the first was a loss of power.
        case ("crashed", .engine): return ends(after: run, on: engine) > 1
        default: return false
        }
    }

    /// How often the Engine ended since the end of the run.
    private func ends(after run: SimulatedEngine.Run, on engine: SimulatedEngine) -> Int {
        guard let end = run.to else { return 0 }
        return engine.absences.count { $0.from >= end }
    }
}
