import Commands

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A peer that is not installed.
struct MissingPeer: Sendable, Equatable {
    var peer: Peer
    /// The program that is missing.
    var program: String

    /// The advice for people.
    var note: String { "\(peer.name) is left out: there is no \(program). Install it: \(peer.install)" }
}

extension PeersFile {
    /// The peers that lack a program.
    var missing: [MissingPeer] {
        get async {
            var missing: [MissingPeer] = []
            for peer in peers {
                for program in peer.needs where await !isThere(program) {
                    missing.append(MissingPeer(peer: peer, program: Peer.path(program, in: folder)))
                    break
                }
            }
            return missing
        }
    }

    private func isThere(_ program: String) async -> Bool {
        let path = Peer.path(program, in: folder)
        return path.contains("/") ? FileManager.default.isExecutableFile(atPath: path) : await Program.exists(path)
    }
}
