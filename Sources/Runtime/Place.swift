import JobContract
import Synchronization

/// A job's place among those that may work on the Engine at a time. It is given back once.
final class Place: Sendable {
    private let kind: JobKind
    private let state: WorkerState
    private let isFree = Atomic(false)

    init(_ kind: JobKind, _ state: WorkerState) {
        self.kind = kind
        self.state = state
    }

    func free() {
        if !isFree.exchange(true, ordering: .relaxed) { state.freePlace(kind) }
    }
}
