import NIOCore

/// One alarm for many deadlines, used on its event loop only.
///
/// It is armed for the earliest one it was told of and never moved later: under steady load it fires once per
/// time-out, not once per command, and looks again.
final class DeadlineTimer {
    /// Deadlines closer together than this share an alarm.
    private static let resolution = TimeAmount.milliseconds(10)

    private let eventLoop: any EventLoop
    private var alarm: (deadline: NIODeadline, task: Scheduled<Void>)?

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Calls `fire` once at `deadline` or a little later, unless an earlier alarm is set already.
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

    /// Forgets the alarm.
    func disarm() {
        alarm?.task.cancel()
        alarm = nil
    }
}
