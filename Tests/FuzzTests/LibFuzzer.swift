import Foundation

/// What libFuzzer calls. The target's name is in the environment, because the arguments are libFuzzer's own.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["RTM_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else { preconditionFailure("RTM_FUZZ_TARGET is \"\(name)\"") }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
    target.run(Array(UnsafeRawBufferPointer(start: start, count: count)))
    return 0
}
