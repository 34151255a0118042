import DockerPort
import NIOCore
import NIOFoundationEssentialsCompat
import Primitives

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
            throw unreadable(error, request)
        }
    }

    /// The body as `type`, with its labels.
    ///
    /// - Throws: ``DockerPort/DockerError/Code/invalidAnswer``.
    func decode<Value: LabelledAnswer>(_ type: Value.Type, for request: EngineRequest) throws(DockerError) -> Value {
        do {
            return try labelledJSON(type, from: body)
        } catch {
            throw unreadable(error, request)
        }
    }

    private func unreadable(_ error: any Error, _ request: EngineRequest) -> DockerError {
        DockerError(
            .invalidAnswer,
            operation: request.caller,
            message: "\(request.operation.rawValue): the Engine's answer cannot be read",
            status: status,
            detail: "\(error)"
        )
    }
}

/// The answer in `body`, with its labels.
func labelledJSON<Value: LabelledAnswer>(_ type: Value.Type, from body: ByteBuffer) throws -> Value {
    var answer = try JSONDecoder().decode(type, from: body)
    answer.labels = try body.withUnsafeReadableBytes { try LabelReader.labels(in: $0, at: Value.labelPath) }
    return answer
}

/// `body` as JSON with sorted keys and its labels.
func encodedJSON(_ body: CreateBody, operation: String) throws(DockerError) -> ByteBuffer {
    let text = String(buffer: try encodedJSON(Encoded(body), operation: operation))
    return ByteBuffer(string: body.labels.filled(text, named: CreateBody.CodingKeys.labels.rawValue))
}

/// A value that is encoded as itself.
private struct Encoded<Value: Encodable>: Encodable {
    let value: Value

    init(_ value: Value) { self.value = value }

    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
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
