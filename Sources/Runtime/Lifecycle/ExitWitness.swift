import DockerPort
import Primitives
import RuntimeCore

/// Says whether the end of the Docker Engine ended a process, by what this worker has seen of the Docker Engine.
/// ``RuntimeCore/ExitClassification`` decides.
struct ExitWitness: Sendable {
    let docker: any DockerClient
    /// Nil: nobody watches the Docker Engine.
    let watch: DockerHealth?

    /// A call that fails must not decide about the reason of an exit.
    private static let tries = 3

    /// - Parameter heardSince: The begin of the event stream that would have shown a later exit, on this machine's clock;
    ///   nil without a stream.
    func isByEngine(_ exit: ExitFacts, heardSince: Timestamp? = nil) async -> Bool {
        let absence = watch?.lastAbsence
        guard ExitClassification.mayBeByEngine(exit, absence: absence, heardSince: heardSince) else { return false }
        let start = await answer { () throws(DockerError) in try await docker.startTime() } ?? nil
        if exit.exitCode == ExitClassification.foundGone, let start {
            return ExitClassification.isByPowerLoss(exit, engineStart: start, lastRefusal: watch?.lastRefusal)
        }
        func decide(liveRestore: Bool) -> Bool {
            ExitClassification.isByEngine(exit, absence: absence, engineStart: start, liveRestore: liveRestore)
        }
        guard decide(liveRestore: false) else { return false }
        let info = await answer { () throws(DockerError) in try await docker.info() }
        return info.map { decide(liveRestore: $0.liveRestore) } ?? false
    }

    private func answer<Value: Sendable>(_ ask: () async throws(DockerError) -> Value) async -> Value? {
        var backoff = LoopBackoff()
        for number in 1...Self.tries {
            do throws(DockerError) {
                return try await ask()
            } catch {
                guard number < Self.tries, !Task.isCancelled else { return nil }
                await backoff.pause()
            }
        }
        return nil
    }
}
