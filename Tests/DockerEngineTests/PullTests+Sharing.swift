import DockerPort
import Support
import Synchronization
import Testing

@testable import DockerEngine

extension PullTests {
    @Test("is shared by all callers for one image, and each gets the progress")
    func shared() async throws {
        let reported = Tally()
        try await with([Self.inspect: [Self.present], Self.pull: [.later(.milliseconds(500), Self.done)]]) {
            engine,
            stub in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await engine.pullImage("team/engine:1", policy: .always) { progress in
                            if progress.layersDone == 1 { reported.add() }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(stub.lines.count { $0 == Self.pull } == 1)
        }
        #expect(reported.count == 20)
    }

    @Test("continues for the others when one caller is cancelled")
    func oneLeaves() async throws {
        try await with([Self.inspect: [Self.present], Self.pull: [.later(.seconds(1), Self.done)]]) { engine, stub in
            try await withThrowingTaskGroup(of: Void.self) { stayers in
                stayers.addTask { try await engine.pullImage("team/engine:1", policy: .always, progress: nil) }
                try await eventually("one request", until: { $0.count == 1 }) { stub.requests }
                let left = await withTaskGroup(of: DockerError?.self) { leavers in
                    leavers.addTask {
                        await dockerFailure {
                            try await engine.pullImage("team/engine:1", policy: .always, progress: nil)
                        }
                    }
                    leavers.cancelAll()
                    return await leavers.next() ?? nil
                }
                #expect(left?.code == .cancelled)
                try await stayers.waitForAll()
            }
            #expect(stub.lines == [Self.pull, Self.inspect])
        }
    }

    @Test("ends when the last caller is cancelled, and the next caller starts another")
    func allLeave() async throws {
        try await with([Self.inspect: [Self.present], Self.pull: [.silence, Self.done]]) { engine, stub in
            try await withThrowingTaskGroup(of: DockerError?.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        await dockerFailure {
                            try await engine.pullImage("team/engine:1", policy: .always, progress: nil)
                        }
                    }
                }
                try await eventually("one request", until: { $0.count == 1 }) { stub.requests }
                group.cancelAll()
                for try await error in group { #expect(error?.code == .cancelled) }
            }
            try await engine.pullImage("team/engine:1", policy: .always, progress: nil)
            #expect(stub.lines == [Self.pull, Self.pull, Self.inspect])
        }
    }
}
