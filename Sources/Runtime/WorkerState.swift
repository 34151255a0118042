import JobContract
import JobQueue
import RuntimeCore
import Synchronization

/// What the parts of one worker share.
final class WorkerState: Sendable {
    private struct Counts {
        var starts = 0
        var stops = 0
        var ended = 0
        var isDraining = false
    }

    /// Raised where there may be something to take, or to end.
    let work = Signal()
    /// Raised where a running job was cancelled, of which the next beat tells.
    let beatNow = Signal()
    /// Raised where Redis has lost what it knew of this node.
    let mustTell = Signal()
    /// Raised where a leader has resigned.
    let leaderResigned = Signal()
    /// Raised where the leader is to compare all containers with what was published.
    let reconcileNow = Signal()
    let leases = LeaseBook()
    /// Told once a minute at most.
    let memoryIsFull = Reminder()
    private let counts = Mutex(Counts())
    private let progress = Mutex(MonotonicClock.now)
    private let gates = Mutex<[String: Signal]>([:])
    /// The oldest message of a queue, as its watcher has seen it.
    private let found = Mutex<[String: [UInt8]]>([:])
    /// Queues whose messages found no room in the window, until when they are left alone, and how many jobs had ended.
    private let full = Mutex<[String: (until: MonotonicInstant, ended: Int)]>([:])

    /// Jobs as they were decoded when this worker took them in, since it is mostly the one that claims them, too.
    private let decoded = Mutex<[String: (message: [UInt8], job: DecodedMessage)]>([:])

    private static let decodedLimit = (jobs: 256, bytes: 2_048)

    /// When the loop last heard from Redis; begins with the start of the worker.
    var lastProgress: MonotonicInstant { progress.withLock { $0 } }

    func progressed() { progress.withLock { $0 = MonotonicClock.now } }

    var isDraining: Bool { counts.withLock { $0.isDraining } }

    func drain() {
        counts.withLock { $0.isDraining = true }
        work.raise()
    }

    func capacity(concurrency: Int, slots: Int) -> Capacity {
        counts.withLock {
            Capacity(starts: max(0, concurrency - $0.starts), stops: max(0, concurrency - $0.stops), slots: slots)
        }
    }

    var running: Int { counts.withLock { $0.starts + $0.stops } }

    func began(_ kind: JobKind) { add(1, kind) }

    func ended(_ kind: JobKind) {
        add(-1, kind)
        counts.withLock { $0.ended += 1 }
        work.raise()
    }

    private func add(_ difference: Int, _ kind: JobKind) {
        let running = counts.withLock {
            if kind == .start || kind == .restart { $0.starts += difference } else { $0.stops += difference }
            return $0.starts + $0.stops
        }
        RuntimeMetrics.running(running)
    }

    /// Keeps what the bytes of a job say until it is claimed.
    func keep(_ decoded: DecodedMessage, of message: [UInt8]) {
        guard case .job(let job) = decoded, message.count <= Self.decodedLimit.bytes else { return }
        self.decoded.withLock { kept in
            // What others have claimed is still there.
            if kept.count >= Self.decodedLimit.jobs { kept.removeAll(keepingCapacity: true) }
            kept[job.id] = (message, decoded)
        }
    }

    /// What the bytes of a claimed job say, where that is known.
    func takeDecoded(_ id: String, _ message: [UInt8]) -> DecodedMessage? {
        let kept = decoded.withLock { $0.removeValue(forKey: id) }
        return kept?.message == message ? kept?.job : nil
    }

    func found(_ message: [UInt8]?, in queue: String) {
        found.withLock { $0[queue] = message }
    }

    func takeFound(in queue: String) -> [UInt8]? {
        found.withLock { $0.removeValue(forKey: queue) }
    }

    /// The window had no room for the queue's messages: reading them again with each job that ends would cost more than
    /// the jobs.
    func foundFull(_ queue: String) {
        let ended = counts.withLock { $0.ended }
        full.withLock { $0[queue] = (MonotonicClock.now.advanced(by: .milliseconds(50)), ended) }
    }

    /// Whether messages of the queue may find room.
    func mayTakeIn(from queue: String) -> Bool {
        let ended = counts.withLock { $0.ended }
        return full.withLock { full in
            guard let mark = full[queue] else { return true }
            guard MonotonicClock.now >= mark.until || ended - mark.ended >= JobQueue.intakeBatch else { return false }
            full[queue] = nil
            return true
        }
    }

    /// Raised each time a queue was found empty, so that its watcher may wait at it again.
    func emptied(_ queue: String) -> Signal {
        gates.withLock { gates in
            if let gate = gates[queue] { return gate }
            let gate = Signal()
            gates[queue] = gate
            return gate
        }
    }
}

/// Lets a condition that lasts be told now and then, not each time that it is met.
final class Reminder: Sendable {
    private let lastTold = Mutex<MonotonicInstant?>(nil)

    /// Whether it is to be told now.
    func begins() -> Bool {
        lastTold.withLock { last in
            let now = MonotonicClock.now
            if let last, last.duration(to: now) < .seconds(60) { return false }
            last = now
            return true
        }
    }
}
