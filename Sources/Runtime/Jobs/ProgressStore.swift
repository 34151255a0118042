import DockerPort
import JobContract
import RuntimeCore
import Synchronization

/// The progress of a job. The job updates the progress as often as necessary. Redis receives only some of the updates.
final class ProgressStore: Sendable {
    private struct State {
        var current: JobProgress?
        var told: JobProgress?
    }

    private let state = Mutex(State())
    private let desk: ProgressReporter?
    private let write: @Sendable (JobProgress) async -> Bool

    /// Creates the progress of a job.
    ///
    /// - Parameters:
    ///   - desk: The reporter of the worker, or nil to report nothing.
    ///   - write: Sends the progress to Redis and returns whether Redis accepted the progress. After a failure the next
    ///     report sends the progress again.
    init(_ desk: ProgressReporter? = nil, write: @escaping @Sendable (JobProgress) async -> Bool = { _ in true }) {
        self.desk = desk
        self.write = write
    }

    func show(_ new: JobProgress) {
        let isFirst = state.withLock { state in
            defer { state.current = new }
            return state.current == nil
        }
        if isFirst { desk?.add(self) }
    }

    /// Ends the reports.
    func close() {
        if state.withLock({ $0.current != nil }) { desk?.remove(self) }
    }

    /// Reports the progress if the progress has changed since the last report.
    fileprivate func tell() async {
        let news = state.withLock { $0.current == $0.told ? nil : $0.current }
        guard let news, await write(news) else { return }
        state.withLock { $0.told = news }
    }
}

/// Reports the progress of all jobs of a worker, each at most once per pause. A job shorter than a pause costs no call.
final class ProgressReporter: Sendable {
    private let pause: Duration
    /// In order of arrival.
    private let boards = Mutex<[(board: ProgressStore, since: MonotonicInstant)]>([])
    private let added = WakeSignal()

    init(pause: Duration = .milliseconds(500)) { self.pause = pause }

    fileprivate func add(_ board: ProgressStore) {
        let now = MonotonicClock.now
        boards.withLock { $0.append((board, now)) }
        added.raise()
    }

    fileprivate func remove(_ board: ProgressStore) {
        boards.withLock { $0.removeAll { $0.board === board } }
    }

    /// Reports until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            if boards.withLock({ $0.isEmpty }) {
                await added.wait()
                continue
            }
            try? await MonotonicClock.sleep(for: pause)
            let now = MonotonicClock.now
            let due = boards.withLock { $0.filter { $0.since.advanced(by: pause) <= now }.map(\.board) }
            for board in due where !Task.isCancelled { await board.tell() }
        }
    }
}

extension JobProgress {
    init(_ pull: PullProgress) {
        self.init(
            .pulling,
            layersDone: pull.layersDone,
            layers: pull.layers,
            bytesDone: pull.bytesDone,
            bytesTotal: pull.bytesTotal
        )
    }
}
