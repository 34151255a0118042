import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A trial of a directory: a folder with a small file, removed again.
///
/// The permissions of a directory do not show a full disk, or a file system without inodes.
enum FolderTrial {
    /// The size of the file in bytes: a block of most file systems.
    private static let size = 4_096

    /// Returns the reason why the trial failed; nil: the directory can be used.
    static func problem(in directory: String) -> String? {
        let folder = "\(directory)/.rtmanager-doctor-\(UInt64.random(in: .min ... .max))"
        guard mkdir(folder, 0o700) == 0 else { return Errno(rawValue: errno).description }
        let file = folder + "/file"
        defer {
            unlink(file)
            rmdir(folder)
        }
        do {
            let descriptor = try FileDescriptor.open(
                FilePath(file),
                .writeOnly,
                options: [.create, .exclusiveCreate],
                permissions: .ownerReadWrite
            )
            try descriptor.closeAfter {
                _ = try descriptor.writeAll([UInt8](repeating: 0, count: size))
                // Some file systems find their disk full only now.
                if fsync(descriptor.rawValue) != 0 { throw Errno(rawValue: errno) }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
