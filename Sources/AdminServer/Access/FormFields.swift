/// The fields of a submitted form, in the encoding `application/x-www-form-urlencoded`.
struct FormFields: Equatable {
    /// The largest size of a submitted form, in bytes.
    static let maximumBytes = 16_384

    /// Names and values in the order of the form. Fields with a wrong encoding are left out.
    let pairs: [(name: String, value: String)]

    init(_ text: String) {
        pairs = text.split(separator: "&").compactMap { field in
            guard let equals = field.firstIndex(of: "="),
                let name = PercentText.decoded(field[..<equals], plusIsSpace: true),
                let value = PercentText.decoded(field[field.index(after: equals)...], plusIsSpace: true)
            else { return nil }
            return (name, value)
        }
    }

    /// The first value of a field.
    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// All values of a field.
    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    static func == (left: FormFields, right: FormFields) -> Bool {
        left.pairs.map { [$0.name, $0.value] } == right.pairs.map { [$0.name, $0.value] }
    }
}
