import DockerPort
import NIOCore
import NIOFoundationEssentialsCompat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EngineAnswer {
    /// The body as `type`.
    ///
    /// - Throws: ``DockerPort/DockerError/Code/invalidAnswer``.
    func decode<Value: Decodable>(_ type: Value.Type, for request: EngineRequest) throws(DockerError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch {
            throw DockerError(
                .invalidAnswer,
                operation: request.caller,
                message: "\(request.operation.rawValue): the Engine's answer cannot be read",
                status: status,
                detail: "\(error)"
            )
        }
    }
}

/// `value` as JSON with sorted keys, so that equal values are equal bytes.
func encodedJSON(_ value: some Encodable, operation: String) throws(DockerError) -> ByteBuffer {
    do {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encodeAsByteBuffer(value, allocator: ByteBufferAllocator())
    } catch {
        throw DockerError(.invalidSpec, operation: operation, message: "cannot be written as JSON: \(error)")
    }
}
