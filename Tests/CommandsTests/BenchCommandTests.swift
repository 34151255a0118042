import Testing

@Suite("rtmanager bench")
struct BenchCommandTests {
    @Test("says how to build the bench if there is none beside the program")
    func missing() async throws {
        let script = #"""
            folder=$(mktemp -d) && ln -s "$1" "$folder/rtmanager" && shift
            "$folder/rtmanager" "$@" 2>"$errors"
            status=$?
            rm -r "$folder"
            exit $status
            """#
        let call = try await call(["bench", "drain"], script: script)
        #expect(call.code == 1, "\(call)")
        #expect(call.errors.contains("rtmanager-bench") && call.errors.contains("swift build -c release"), "\(call)")
    }

    @Test("hands its arguments on to the bench beside the program")
    func handedOn() async throws {
        let help = try await call(["bench", "--help"])
        #expect(help.code == 0 && help.output.contains("USAGE: rtmanager-bench"), "\(help)")
    }

    @Test("a worker with a Docker Engine in memory serves no namespace of a fleet")
    func engineInMemory() async throws {
        let call = try await call(["bench", "worker", "--namespace", "rtm"])
        #expect(call.code == 2 && call.errors.contains("serves only the namespaces of rtmanager-bench"), "\(call)")
    }
}
