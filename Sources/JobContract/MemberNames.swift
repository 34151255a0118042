/// The names of the objects that are open while a text is read, by which a name that is there twice is found.
///
/// The names of all open objects lie in two arrays, so that an object costs no allocation of its own. Where an object has more
/// than a few names, a table finds them. Its hash has a seed that nobody outside of the process knows, so nobody can choose
/// names that fall into one place.
struct MemberNames {
    /// One object whose names are being read.
    struct Object {
        /// Of its first name among all.
        fileprivate let first: Int
        fileprivate let firstByte: Int
        /// The hash of a name in the upper half, its number among all plus 1 in the lower; 0: free. Empty while names are few.
        fileprivate var slots: [UInt64] = []
    }

    /// Most names that are compared one by one.
    private static let few = 8

    /// All names, one after the other.
    private var bytes: [UInt8] = []
    /// Where each name begins.
    private var starts: [Int] = []

    mutating func open() -> Object { Object(first: starts.count, firstByte: bytes.count) }

    /// Forgets the names of the object that was opened last.
    mutating func close(_ object: Object) {
        bytes.removeLast(bytes.count - object.firstByte)
        starts.removeLast(starts.count - object.first)
    }

    /// Adds a name to the object that was opened last. Returns false where the object has this name.
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

    /// Gives the object a table of twice the size, or its first.
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

    /// 32 bits.
    private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(name))
        return UInt64(UInt32(truncatingIfNeeded: hasher.finalize()))
    }
}
