#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The facts of a file that change with its content: a cheap way to notice that a certificate was renewed.
struct FileStamp: Equatable, Sendable {
    private let modified: Date
    private let size: UInt64
    private let number: UInt64

    /// Reads the facts of a file; nil: there is no such file.
    init?(_ path: String) {
        // The attributes of a link are not those of the file behind it, and certificates are often renewed behind a link.
        let target = URL(filePath: path).resolvingSymlinksInPath().path
        guard let facts = try? FileManager.default.attributesOfItem(atPath: target),
            let modified = facts[.modificationDate] as? Date
        else { return nil }
        self.modified = modified
        size = facts[.size] as? UInt64 ?? 0
        number = facts[.systemFileNumber] as? UInt64 ?? 0
    }
}
