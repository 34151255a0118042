import Foundation

/// What a power loss leaves of the append-only file. All but ``appendOnlyTail`` wants a server that is dead.
extension PrivateRedis {
    /// The file that is written to, and how long it is.
    package struct Tail: Sendable {
        package let url: URL
        package let size: Int
    }

    /// The newest of the files that take commands; nil where there is none.
    package var appendOnlyTail: Tail? {
        let folder = URL(fileURLWithPath: directory + "/appendonlydir")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        // appendonly.aof.NUMBER.incr.aof
        let numbered = names.filter { $0.hasSuffix(".incr.aof") }.map { name in
            (number: name.split(separator: ".").compactMap { Int($0) }.first ?? 0, name: name)
        }
        guard let newest = numbered.max(by: { $0.number < $1.number }) else { return nil }
        let url = folder.appendingPathComponent(newest.name)
        let size = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
        return Tail(url: url, size: size)
    }

    /// Cuts the file, as where the rest had not reached the disk.
    package func tear(_ tail: Tail, to size: Int) throws {
        let file = try FileHandle(forWritingTo: tail.url)
        defer { try? file.close() }
        try file.truncate(atOffset: UInt64(size))
    }

    /// The last transaction in the file: what a script has written, from MULTI on.
    package func lastTransaction(of tail: Tail) throws -> Data? {
        let file = try FileHandle(forReadingFrom: tail.url)
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(max(0, tail.size - 65_536)))
        let end = try file.readToEnd() ?? Data()
        guard let begin = end.range(of: Data("*1\r\n$5\r\nMULTI\r\n".utf8), options: .backwards) else { return nil }
        return end[begin.lowerBound...]
    }

    /// Appends bytes that were being written when the power went.
    package func append(_ bytes: Data, to tail: Tail) throws {
        let file = try FileHandle(forWritingTo: tail.url)
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: bytes)
    }
}
