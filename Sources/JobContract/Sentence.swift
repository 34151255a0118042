/// Limits of published sentences for people.
package enum Sentence {
    /// The greatest size of an `error` in results, dead letters and job hashes, in bytes.
    package static let maximumBytes = 1_024
}
