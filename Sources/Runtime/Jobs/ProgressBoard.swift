import DockerPort
import JobContract
import RuntimeCore
import Synchronization

/// What a job is at: written by the job as often as it likes, and told to Redis now and then.
final class ProgressBoard: Sendable {
    private struct State {
        var current: JobProgress?
        var told: JobProgress?
    }

    private let state = Mutex(State())
    private let desk: ProgressDesk?
    private let write: @Sendable (JobProgress) async -> Bool

    /// - Parameters:
    ///   - desk: who tells it; nil: nobody.
    ///   - write: tells it; answers whether it was taken. What was not is told with the next pause.
    init(_ desk: ProgressDesk? = nil, write: @escaping @Sendable (JobProgress) async -> Bool = { _ in true }) {
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

    /// There is nothing more to tell.
    func close() {
        if state.withLock({ $0.current != nil }) { desk?.remove(self) }
    }

    /// Tells what has changed since it was told last.
    fileprivate func tell() async {
        let news = state.withLock { $0.current == $0.told ? nil : $0.current }
        guard let news, await write(news) else { return }
        state.withLock { $0.told = news }
    }
}

/// Tells of all jobs of a worker how far they have come, at most once in each pause. A job that takes no longer than
/// one pause costs nothing.
final class ProgressDesk: Sendable {
    private let pause: Duration
    /// In the order in which they came.
    private let boards = Mutex<[(board: ProgressBoard, since: MonotonicInstant)]>([])
    private let added = Signal()

    init(pause: Duration = .milliseconds(500)) { self.pause = pause }

    fileprivate func add(_ board: ProgressBoard) {
        let now = MonotonicClock.now
        boards.withLock { $0.append((board, now)) }
        added.raise()
    }

    fileprivate func remove(_ board: ProgressBoard) {
        boards.withLock { $0.removeAll { $0.board === board } }
    }

    /// Tells until it is cancelled.
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
