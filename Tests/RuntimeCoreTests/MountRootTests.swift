import Testing

@testable import RuntimeCore

@Suite("Mount roots")
struct MountRootTests {
    private func problems(_ roots: [String], state: String = "/state", links: [String: String] = [:]) -> [String] {
        MountRootRules.problems(roots: roots.map { MountRoot($0) }, stateRoot: state) { links[$0] ?? $0 }
            .map { "\($0.path) \($0.reason)" }
    }

    @Test("do not overlap each other or the state root")
    func apart() {
        #expect(problems(["/a", "/b", "/a-b"]) == [])
        #expect(problems(["/b", "/b/a/b"]) == ["/b/a/b lies inside /b"])
        #expect(problems(["/b/a", "/b"]) == ["/b contains /b/a"])
        #expect(problems(["/b", "/b"]) == ["/b is /b"])
        #expect(problems(["/state"]) == ["/state is the state root /state"])
        #expect(problems(["/state/x"]) == ["/state/x lies inside the state root /state"])
        #expect(problems(["/games"], state: "/games/state") == ["/games contains the state root /games/state"])
    }

    @Test("are compared by real path")
    func links() {
        #expect(problems(["/a", "/b"], links: ["/b": "/a/x"]) == ["/b lies inside /a"])
        #expect(problems(["/a"], links: ["/state": "/a/state"]) == ["/a contains the state root /state"])
        #expect(problems(["/a"], links: ["/a": "/usr/bin", "/bin": "/usr/bin"]) == ["/a is /bin"])
    }

    @Test("neither are nor contain a system directory", arguments: MountRootRules.systemDirectories)
    func system(directory: String) {
        #expect(problems([directory]).count == 1)
        #expect(problems([], state: directory).count == 1)
    }

    @Test("may be inside a system directory")
    func inside() {
        #expect(problems(["/var"]) == ["/var contains /var/run"])
        #expect(problems(["/var/lib"]) == ["/var/lib contains /var/lib/docker"])
        #expect(problems([], state: "/var/lib") == ["/var/lib contains /var/lib/docker"])
        #expect(problems(["/var/lib/maps", "/usr/local/maps", "/run/maps"]) == [])
    }
}
