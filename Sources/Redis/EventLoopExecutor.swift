import NIOCore

/// Runs tasks on the thread of a connection's event loop. A task that sends a command there and waits for its reply wakes
/// no other thread, which costs more than most of what tasks do. Only for tasks that never compute for long: what
/// the connection has to say waits meanwhile.
package final class EventLoopExecutor: TaskExecutor {
    let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
