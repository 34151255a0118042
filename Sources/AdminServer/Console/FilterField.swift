/// A field of a form to choose rows.
package struct FilterField: Sendable, Equatable {
    /// The name in the address.
    var name: String
    var label: String
    var value: String
    /// The values to choose from; nil: any text. The empty value stands for all.
    var options: [String]?

    init(_ name: String, _ label: String, _ value: String, options: [String]? = nil) {
        self.name = name
        self.label = label
        self.value = value
        self.options = options
    }

    static func html(_ fields: [FilterField], on route: ConsoleRoute) -> String {
        let path = route.address.split(separator: "?").first.map { String($0) } ?? "/"
        return Templates.render(.filter, ["path": .text(path), "fields": .list(fields.map(\.values))])
    }

    private var values: TemplateValue {
        let options = (options ?? []).map { option -> TemplateValue in
            .fields([
                "value": .text(option), "text": .text(option.isEmpty ? "all" : option),
                "isChosen": .flag(option == value),
            ])
        }
        return .fields([
            "name": .text(name), "label": .text(label), "value": .text(value), "options": .list(options),
            "isText": .flag(options.isEmpty),
        ])
    }
}
