/// Labels of a container or an image, by name. Names and values are compared by bytes.
///
/// Swift's `String` takes canonically equivalent texts for equal: "é" may be one scalar or two. A `[String: String]` would
/// keep one of two labels that Docker keeps both. The port speaks of maps of strings, whose keys are bytes in Go; this
/// type is their counterpart.
///
/// The order is that of the names' bytes, so that equal maps are iterated and written alike.
public struct LabelMap: Sendable, ExpressibleByDictionaryLiteral {
    public typealias Element = (key: String, value: String)

    /// In ascending order of the names, each name once.
    private var elements: [Element]

    public init() { elements = [] }

    /// Makes a map of pairs. Of several pairs with one name the last counts.
    public init(_ pairs: some Sequence<Element>) {
        let sorted = pairs.enumerated().sorted { first, second in
            first.element.key.precedes(second.element.key)
                || first.offset < second.offset && first.element.key.isSameBytes(as: second.element.key)
        }
        elements = []
        elements.reserveCapacity(sorted.count)
        for (_, element) in sorted {
            if let last = elements.last, last.key.isSameBytes(as: element.key) { elements.removeLast() }
            elements.append(element)
        }
    }

    public init(dictionaryLiteral pairs: (String, String)...) {
        self.init(pairs.map { (key: $0.0, value: $0.1) })
    }

    /// The value of the label of this name; nil: there is none.
    public subscript(name: String) -> String? {
        get {
            let index = index(of: name)
            return holds(name, at: index) ? elements[index].value : nil
        }
        set {
            let index = index(of: name)
            switch (holds(name, at: index), newValue) {
            case (true, let value?): elements[index].value = value
            case (true, nil): elements.remove(at: index)
            case (false, let value?): elements.insert((key: name, value: value), at: index)
            case (false, nil): break
            }
        }
    }

    /// The names, in ascending order of their bytes.
    public var keys: [String] { elements.map(\.key) }

    /// Returns the labels that satisfy a condition.
    public func filter(_ isIncluded: (Element) throws -> Bool) rethrows -> LabelMap {
        var kept = LabelMap()
        kept.elements = try elements.filter(isIncluded)
        return kept
    }

    /// Returns the labels of both. `combine` chooses the value of a name that both have.
    public func merging(
        _ other: LabelMap,
        uniquingKeysWith combine: (_ own: String, _ other: String) throws -> String
    ) rethrows -> LabelMap {
        var both = self
        for (name, value) in other { both[name] = try both[name].map { try combine($0, value) } ?? value }
        return both
    }

    /// Whether there is a label of this name with this value.
    public func has(_ name: String, _ value: String) -> Bool { self[name]?.isSameBytes(as: value) == true }

    /// Whether all labels of `other` are there, with their values.
    public func hasAll(of other: LabelMap) -> Bool { other.elements.allSatisfy { has($0.key, $0.value) } }

    /// Where the label of this name is or would be.
    private func index(of name: String) -> Int {
        var low = 0
        var high = elements.count
        while low < high {
            let middle = (low + high) / 2
            if elements[middle].key.precedes(name) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func holds(_ name: String, at index: Int) -> Bool {
        index < elements.count && elements[index].key.isSameBytes(as: name)
    }
}

extension LabelMap: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> Element { elements[position] }
}

extension LabelMap: Hashable {
    public static func == (one: LabelMap, other: LabelMap) -> Bool {
        one.elements.elementsEqual(other.elements) {
            $0.key.isSameBytes(as: $1.key) && $0.value.isSameBytes(as: $1.value)
        }
    }

    public func hash(into hasher: inout Hasher) {
        for (name, value) in elements {
            for text in [name, value] {
                hasher.combine(text.utf8.count)
                for byte in text.utf8 { hasher.combine(byte) }
            }
        }
    }
}

extension LabelMap: CustomStringConvertible {
    public var description: String { json }
}
