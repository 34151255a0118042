import Foundation
import Support
import Testing

extension BenchScenarioTests {
    /// A peer in a few lines. A child of the worker does the work and ignores SIGTERM. The worker itself only waits.
    private static let app = """
        import os, signal, socket, sys, time

        def connected():
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(os.environ["REDIS_SOCKET"])
            return connection.makefile("rwb")

        def call(*words):
            texts = [str(word).encode() for word in words]
            stream.write(b"*%d\\r\\n" % len(texts) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(t), t) for t in texts))
            stream.flush()
            return reply()

        def reply():
            line = stream.readline()[:-2]
            if line[:1] == b"$":
                return stream.read(int(line[1:]) + 2)[:-2]
            return [reply() for _ in range(int(line[1:]))] if line[:1] == b"*" else line

        if sys.argv[1] == "work":
            if os.fork():
                signal.pause()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            # Only a signal ends the child, or the alarm.
            signal.alarm(200)
            sys.excepthook = lambda *error: signal.pause()
            with open("child", "w") as file:
                file.write(str(os.getpid()))
            stream = connected()
            while True:
                job = call("BRPOP", "fake", 0)[1]
                begin = time.process_time()
                while time.process_time() - begin < 0.0005:
                    pass
                if job != b"noop":
                    call("RPUSH", "bench:lone", (time.time() - float(job)) * 1000)
        stream = connected()
        for _ in range(int(sys.argv[2])):
            call("LPUSH", "fake", "noop" if sys.argv[1] == "fill" else time.time())
        """

    private static func entry(_ name: String, needs: String = "python3", work: String) -> String {
        """
        {"name": "\(name)", "title": "\(name) 1.0", "killed": "lost", "jobs": 500, "needs": ["\(needs)"],
         "install": "apt-get install \(name)", "fill": ["python3", "app.py", "fill", "{jobs}"], "work": \(work),
         "left": [["LLEN", "fake"]], "lone": ["python3", "app.py", "lone", "{jobs}"]}
        """
    }

    @Test("peers: a worker's whole process group is measured and ended; broken and missing peers are named")
    func peers() async throws {
        let directory = try temporaryDirectory("peers")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let entries = [
            Self.entry("fake", work: #"["python3", "app.py", "work"]"#),
            Self.entry("broken", work: #"["sh", "-c", "echo no such module; exit 3"]"#),
            Self.entry("absent", needs: "venv/bin/absent", work: #"["venv/bin/absent"]"#),
        ]
        try Self.app.write(toFile: directory + "/app.py", atomically: true, encoding: .utf8)
        let file = directory + "/peers.json"
        try "[\(entries.joined(separator: ","))]".write(toFile: file, atomically: true, encoding: .utf8)
        let figures = try await Figures.of("peers", ["--peers", file], exitCode: 1)

        for name in ["rtmanager", "fake"] {
            for title in ["jobs a second", "CPU of Redis a job", "CPU of the worker a job", "one job, p99"] {
                let figure = try figures["\(name): \(title)"]
                #expect(figure.value > 0, "\(name): \(title)")
                #expect(try #require(figure.baseline) > 0, "\(name): \(title)")
            }
            #expect(try figures["\(name): memory of the worker"].value > 1)
        }
        // The leader of the group does nothing. Its child works for 500 µs in each job.
        #expect(try figures["fake: CPU of the worker a job"].value > 400)
        #expect(figures.table.count == 4)
        #expect(figures.table[2].hasPrefix("| rtmanager |") && figures.table[3].hasPrefix("| fake 1.0 | lost |"))

        #expect(figures.notes.count == 2)
        #expect(
            figures.notes[0]
                == "absent is left out: there is no \(directory)/venv/bin/absent. Install it: apt-get install absent"
        )
        #expect(figures.notes[1].hasPrefix("broken, round 1: the worker ended before it took a job"))
        #expect(figures.notes[1].contains("no such module"))

        let child = try #require(Int(try String(contentsOfFile: directory + "/child", encoding: .utf8)))
        try await eventually("the end of the worker's child") {
            let stat = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
            return stat.isEmpty || stat.contains(") Z ")
        }
    }
}
