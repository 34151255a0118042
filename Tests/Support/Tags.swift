import Testing

extension Tag {
    /// The suite measures, or has bounds on time: nothing else may run beside its tests. `Tests/run` has the names.
    @Tag package static var timing: Self
}
