extension LabelMap {
    /// The labels as one JSON object, in order. Equal maps give equal text.
    ///
    /// Foundation's encoder keeps the names of an object in a dictionary by `String`, so it would lose labels.
    public var json: String {
        "{" + map { JSONText.string($0.key) + ":" + JSONText.string($0.value) }.joined(separator: ",") + "}"
    }
}
