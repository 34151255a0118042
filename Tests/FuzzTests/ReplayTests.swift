import Foundation
import Testing

/// Runs the corpus through the fuzz targets, as a quick look whether what was found once is still true.
/// `Tests/fuzz` looks for more.
@Suite("The corpus of the fuzzers")
struct ReplayTests {
    private static let corpus = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("Corpus")

    @Test("crashes no decoder, whole, truncated and with each byte changed", arguments: FuzzTarget.allCases)
    func replay(_ target: FuzzTarget) throws {
        let directory = Self.corpus.appendingPathComponent(target.rawValue)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        try #require(!files.isEmpty)
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: directory.appendingPathComponent(file)))
            target.run(bytes)
            // Bounded, so that a long input does not take its length squared.
            let step = max(1, bytes.count / 64)
            for index in stride(from: 0, to: bytes.count, by: step) {
                target.run(Array(bytes[..<index]))
                var changed = bytes
                changed[index] ^= 0x21
                target.run(changed)
            }
        }
    }
}
