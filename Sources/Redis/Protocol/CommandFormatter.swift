import CHiredis
import NIOCore

/// Encodes commands in RESP with hiredis, many commands into one buffer.
///
/// The formatter collects the bytes of all arguments in one scratch array. Encoding a command then allocates memory
/// only inside hiredis.
struct CommandFormatter {
    /// The largest scratch capacity in bytes to keep. After a larger command the formatter frees the scratch array, so
    /// one large command does not cost memory forever.
    private static let retainedScratch = 1 << 18

    private var bytes: [UInt8] = []
    private var lengths: [Int] = []
    private var pointers: [UnsafePointer<CChar>?] = []

    /// Appends `command` to `buffer`. An error leaves the buffer unchanged.
    mutating func append(_ command: RedisCommand, to buffer: inout ByteBuffer) throws(RedisError) {
        collect(command)
        defer { reset() }
        guard let count = Int32(exactly: lengths.count) else {
            throw .protocolViolation("\(command.name) has too many arguments")
        }
        // This function of hiredis is the faster variant: the other one calls printf for each length.
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
