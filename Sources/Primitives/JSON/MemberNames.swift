/// The member names of all open objects, used to find a repeated name during reading.
///
/// Two arrays hold the names of all open objects, so no object needs an allocation of its own. An object with many
/// names has a hash table. Its hash has a secret seed of the process, so no producer can choose names that collide.
struct MemberNames {
    /// An object with its names being read.
    struct Object {
        /// The index of the object's first name among all names.
        fileprivate let first: Int
        fileprivate let firstByte: Int
        /// The hash table; empty while the object has few names. The upper half of a slot is the hash of a name. The
        /// lower half is the name's index among all names, plus 1. A free slot is 0.
        fileprivate var slots: [UInt64] = []
    }

    /// The greatest number of names to compare without a hash table.
    private static let few = 8

    /// The bytes of all names in sequence.
    private var bytes: [UInt8] = []
    /// The first byte of each name.
    private var starts: [Int] = []

    mutating func open() -> Object { Object(first: starts.count, firstByte: bytes.count) }

    /// Forgets the names of the most recently opened object.
    mutating func close(_ object: Object) {
        bytes.removeLast(bytes.count - object.firstByte)
        starts.removeLast(starts.count - object.first)
    }

    /// Adds a name to the most recently opened object.
    ///
    /// - Returns: false if the object already has the name.
    mutating func add(_ name: UnsafeBufferPointer<UInt8>, to object: inout Object) -> Bool {
        if starts.count - object.first < Self.few {
            for index in object.first..<starts.count where isSame(name, index) { return false }
        } else {
            if 2 * (starts.count - object.first + 1) > object.slots.count { grow(&object) }
            guard insert(name, Self.hash(name), starts.count, into: &object.slots) else { return false }
        }
        starts.append(bytes.count)
        bytes.append(contentsOf: name)
        return true
    }

    private func isSame(_ name: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        let end = index + 1 < starts.count ? starts[index + 1] : bytes.count
        let start = starts[index]
        guard end - start == name.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            for offset in 0..<name.count where bytes[start + offset] != name[offset] { return false }
            return true
        }
    }

    /// Doubles the object's hash table, or creates the first table.
    private func grow(_ object: inout Object) {
        let old = object.slots
        object.slots = [UInt64](repeating: 0, count: max(32, 2 * old.count))
        guard old.isEmpty else {
            for slot in old where slot != 0 { Self.place(slot, in: &object.slots) }
            return
        }
        bytes.withUnsafeBufferPointer { bytes in
            for index in object.first..<starts.count {
                let end = index + 1 < starts.count ? starts[index + 1] : bytes.count
                let hash = Self.hash(UnsafeBufferPointer(rebasing: bytes[starts[index]..<end]))
                Self.place(hash << 32 | UInt64(index + 1), in: &object.slots)
            }
        }
    }

    private func insert(
        _ name: UnsafeBufferPointer<UInt8>,
        _ hash: UInt64,
        _ index: Int,
        into slots: inout [UInt64]
    ) -> Bool {
        let mask = slots.count - 1
        var place = Int(hash) & mask
        while slots[place] != 0 {
            if slots[place] >> 32 == hash, isSame(name, Int(slots[place] & 0xFFFF_FFFF) - 1) { return false }
            place = (place + 1) & mask
        }
        slots[place] = hash << 32 | UInt64(index + 1)
        return true
    }

    private static func place(_ slot: UInt64, in slots: inout [UInt64]) {
        let mask = slots.count - 1
        var place = Int(slot >> 32) & mask
        while slots[place] != 0 { place = (place + 1) & mask }
        slots[place] = slot
    }

    /// Returns a hash of 32 bits.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(name))
        return UInt64(UInt32(truncatingIfNeeded: hasher.finalize()))
    }
}
