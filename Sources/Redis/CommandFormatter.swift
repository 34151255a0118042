import CHiredis
import NIOCore

/// Writes commands in the server's protocol with hiredis, many into one buffer.
///
/// The arguments' bytes are collected in one scratch array, so that a command costs hiredis' allocations and
/// no others.
struct CommandFormatter {
    /// Above it the scratch space is given back after use: one large command must not cost memory for ever.
    private static let retainedScratch = 1 << 18

    private var bytes: [UInt8] = []
    private var lengths: [Int] = []
    private var pointers: [UnsafePointer<CChar>?] = []

    /// Appends `command` to `buffer`; on an error the buffer is as it was.
    mutating func append(_ command: RedisCommand, to buffer: inout ByteBuffer) throws(RedisError) {
        collect(command)
        defer { reset() }
        guard let count = Int32(exactly: lengths.count) else {
            throw .protocolViolation("\(command.name) has too many arguments")
        }
        // The form that needs no printf for each length.
        var formatted: sds?
        let written = bytes.withUnsafeBytes { collected in
            var next = collected.baseAddress?.assumingMemoryBound(to: CChar.self)
            for length in lengths {
                pointers.append(next)
                next = next?.advanced(by: length)
            }
            return pointers.withUnsafeMutableBufferPointer { arguments in
                Int(redisFormatSdsCommandArgv(&formatted, count, arguments.baseAddress, lengths))
            }
        }
        guard written >= 0, let formatted else {
            throw .protocolViolation("there is no memory to write \(command.name)")
        }
        buffer.writeBytes(UnsafeRawBufferPointer(start: formatted, count: written))
        redisFreeSdsCommand(formatted)
    }

    private mutating func collect(_ command: RedisCommand) {
        add(command.name.utf8)
        for argument in command.arguments {
            switch argument {
            case .string(let text): add(text.utf8)
            case .bytes(let value): add(value)
            case .integer(let number): add(String(number).utf8)
            }
        }
    }

    private mutating func add(_ argument: some Collection<UInt8>) {
        let before = bytes.count
        bytes.append(contentsOf: argument)
        lengths.append(bytes.count - before)
    }

    private mutating func reset() {
        let keeps = bytes.capacity <= Self.retainedScratch && lengths.count <= 4_096
        bytes.removeAll(keepingCapacity: keeps)
        lengths.removeAll(keepingCapacity: keeps)
        pointers.removeAll(keepingCapacity: keeps)
    }
}
