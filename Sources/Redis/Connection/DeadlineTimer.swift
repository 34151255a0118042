import NIOCore

/// One timer for many deadlines. Use only on the timer's event loop.
///
/// The timer is set for the earliest known deadline, and never moves to a later time. Under steady load the timer
/// therefore fires once per time-out, not once per command. The owner then checks all deadlines and arms the timer
/// again.
final class DeadlineTimer {
    /// Deadlines closer together than this time share an alarm.
    private static let resolution = TimeAmount.milliseconds(10)

    private let eventLoop: any EventLoop
    private var alarm: (deadline: NIODeadline, task: Scheduled<Void>)?

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Calls `fire` once, at `deadline` or a little later. Does nothing if an alarm is set for the same time or
    /// earlier.
    func arm(for deadline: NIODeadline?, fire: @escaping () -> Void) {
        guard let deadline else { return }
        if let alarm {
            guard deadline + Self.resolution < alarm.deadline else { return }
            alarm.task.cancel()
        }
        let due = max(deadline, .now() + Self.resolution)
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in
            self?.alarm = nil
            fire()
        }
        alarm = (due, task)
    }

    /// Cancels the alarm.
    func disarm() {
        alarm?.task.cancel()
        alarm = nil
    }
}
