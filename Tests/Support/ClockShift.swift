import Foundation

/// A library that sets the clock of single programs ahead or back, and that a test may set anew while they run.
///
/// It replaces the C library's calls for the time of day. The monotonic clock stays as it is. Programs that ask the
/// kernel themselves, as those in Go do, keep the true time.
package struct ClockShift: Sendable {
    private let directory: String
    private var library: String { directory + "/shift.so" }
    private var file: String { directory + "/seconds" }

    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static const volatile long *shift;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("CLOCK_SHIFT");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *page = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
            if (page != MAP_FAILED) shift = page;
            close(file);
        }

        int clock_gettime(clockid_t clock, struct timespec *out) {
            int result = syscall(SYS_clock_gettime, clock, out);
            if (result == 0 && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                out->tv_sec += *shift;
            return result;
        }

        int gettimeofday(struct timeval *restrict out, void *restrict zone) {
            struct timespec now;
            int result = clock_gettime(CLOCK_REALTIME, &now);
            out->tv_sec = now.tv_sec;
            out->tv_usec = now.tv_nsec / 1000;
            return result;
        }

        time_t time(time_t *out) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (out) *out = now.tv_sec;
            return now.tv_sec;
        }

        """

    /// Runs `body` with a clock that is right at first.
    package static func with(_ body: (ClockShift) async throws -> Void) async throws {
        let shift = ClockShift(directory: try temporaryDirectory("clock"))
        defer { try? FileManager.default.removeItem(atPath: shift.directory) }
        try shift.set(seconds: 0)
        let source = shift.directory + "/shift.c"
        try Data(Self.source.utf8).write(to: URL(fileURLWithPath: source))
        try await Tool.run(["clang", "-shared", "-fPIC", "-O1", "-o", shift.library, source])
        try await body(shift)
    }

    /// The variables of a program that has this clock.
    package var environment: [String: String] { ["LD_PRELOAD": library, "CLOCK_SHIFT": file] }

    /// Begins the command line of a program that has this clock.
    package var launcher: [String] { ["env"] + environment.map { "\($0.key)=\($0.value)" } }

    /// Sets the clock, also that of running programs: the file is theirs to read at any time.
    package func set(seconds: Int) throws {
        let bytes = withUnsafeBytes(of: Int64(seconds).littleEndian) { Data($0) }
        if FileManager.default.fileExists(atPath: file) {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
            try handle.write(contentsOf: bytes)
            try handle.close()
        } else {
            try bytes.write(to: URL(fileURLWithPath: file))
        }
    }
}
