import Terminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The peers of a file, and the folder of their programs.
struct PeersFile: Sendable, Equatable {
    /// A mistake in an entry of the file.
    struct Flaw: Error {
        var text: String
        init(_ text: String) { self.text = text }
    }

    /// The folder of the file. Paths in the file begin there, and the peers' programs run there.
    var folder: String
    var peers: [Peer]

    /// Reads a file.
    ///
    /// - Parameter only: The names of the peers to measure, with commas; nil: all peers.
    /// - Throws: ``CommandError`` that says what is wrong with the file or with `only`.
    static func read(_ path: String, only: String?) throws(CommandError) -> PeersFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .wrongUse("\(path) cannot be read: Tests/peers/install DIR makes DIR/peers.json")
        }
        let absolute = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        let folder = absolute.lastIndex(of: "/").map { String(absolute[..<$0]) } ?? "/"
        let peers = try parse([UInt8](data), named: path)
        return PeersFile(folder: folder, peers: try chosen(only, of: peers))
    }

    /// Parses the content of a file.
    ///
    /// - Parameter name: The name of the file, for errors.
    static func parse(_ content: [UInt8], named name: String) throws(CommandError) -> [Peer] {
        let peers: [Peer]
        do {
            peers = try JSONDecoder().decode([Entry].self, from: Data(content)).map(\.peer)
        } catch {
            throw .wrongUse("\(name): \(describe(error))")
        }
        var names: Set<String> = []
        for peer in peers where !names.insert(peer.name).inserted {
            throw .wrongUse("\(name): two peers have the name \(peer.name)")
        }
        guard !peers.isEmpty else { throw .wrongUse("\(name): the list has no peers") }
        return peers
    }

    /// An entry, with its number in the errors.
    private struct Entry: Decodable {
        var peer: Peer

        init(from decoder: any Decoder) throws {
            do {
                peer = try Peer(from: decoder)
            } catch let flaw as Flaw {
                throw Flaw("\(Self.place(decoder.codingPath)) \(flaw.text)")
            }
        }

        static func place(_ path: [any CodingKey]) -> String {
            "entry " + (path.first?.intValue.map { String($0 + 1) } ?? "?")
        }
    }

    private static func describe(_ error: any Error) -> String {
        func place(_ path: [any CodingKey]) -> String {
            guard !path.isEmpty else { return "the file" }
            let keys = path.dropFirst().filter { $0.intValue == nil }.map(\.stringValue)
            return ([Entry.place(path)] + keys).joined(separator: ", ")
        }
        switch error {
        case let flaw as Flaw: return flaw.text
        case DecodingError.keyNotFound(let key, let context):
            return "\(place(context.codingPath)) has no \(key.stringValue)"
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            return "\(place(context.codingPath)) must be of the kind \(kind(type))"
        default: return "it must be a JSON list of peers"
        }
    }

    private static func kind(_ type: any Any.Type) -> String {
        switch "\(type)" {
        case "String": "text"
        case "Int": "number"
        case let name where name.hasPrefix("Array"): "list"
        default: "object"
        }
    }

    /// Returns the peers with the names in `only`.
    static func chosen(_ only: String?, of peers: [Peer]) throws(CommandError) -> [Peer] {
        guard let only else { return peers }
        let names = only.split(separator: ",").map(String.init)
        if let unknown = names.first(where: { name in !peers.contains { $0.name == name } }) {
            let known = peers.map(\.name).joined(separator: ", ")
            throw .wrongUse("--only names \(unknown), but the peers are \(known)")
        }
        return peers.filter { names.contains($0.name) }
    }
}
