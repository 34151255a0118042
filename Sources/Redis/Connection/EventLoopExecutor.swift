import NIOCore

/// Runs tasks on the thread of a connection's event loop.
///
/// Such a task sends a command and receives the reply without waking another thread. Waking a thread costs more than
/// most of the tasks themselves. Only for tasks without long computations: meanwhile the connection cannot read or
/// write.
package final class EventLoopExecutor: TaskExecutor {
    let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
