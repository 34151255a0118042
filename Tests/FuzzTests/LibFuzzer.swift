import Foundation

/// What libFuzzer calls. The target's name is in the environment, because the arguments are libFuzzer's own.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["RTM_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget(rawValue: name) else { preconditionFailure("RTM_FUZZ_TARGET is \"\(name)\"") }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private typealias Words = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
private typealias Callback = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// libFuzzer's own main.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(_ count: UnsafeMutablePointer<CInt>, _ words: UnsafeMutablePointer<Words>, _ one: Callback)
    -> CInt

/// The package manager lets every program begin at a symbol of this form, in place of libFuzzer's `main`.
@_cdecl("fuzz_main")
public func fuzzMain(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    var count = count
    var words = words
    return runDriver(&count, &words) { testOneInput($0, $1) }
}
