import CQueueFunctions
import JobContract
import Primitives
import Redis

/// The functions of the protocol in Redis. `Lua/` has a module for each part.
///
/// `admit` and `progress` are refused with a full memory, before any change. All other functions go on; otherwise all
/// leases would expire together.
package enum QueueFunction: String, Sendable {
    case admit, claim, clear, deregister, drop, extend, finish, forget, lead, move, page, peek, progress, publish,
        register
    case release, report, requeue, reserve, resign, retry, sweep
    case changePort = "change_port"
    case correctReservations = "correct_reservations"
    case restoreGames = "restore_games"

    /// The library of all functions.
    ///
    /// The name contains a digest of the source. So workers of two versions each call their own functions, and nobody
    /// replaces the functions of another version.
    package static let library: RedisFunctionLibrary = {
        let digest = Hex.string(Digest.sha1(source.utf8)).prefix(8)
        let name = "rtmanager_\(digest)"
        return RedisFunctionLibrary(name: name, source: "#!lua name=\(name)\nlocal LIBRARY = '\(name)'\n" + source)
    }()

    /// All modules of `Lua/`, one after the other.
    fileprivate static let source = String(cString: queue_functions_source())
}

extension JobQueue {
    /// The form of the data in Redis. Workers with another form do not register.
    package static let dataForm: String = {
        QueueFunction.source.firstMatch(of: #/local FORM = '([0-9]+)'/#).map { String($0.1) } ?? ""
    }()

    /// Calls one function.
    ///
    /// - Parameters:
    ///   - more: the keys behind `{ns}:meta`.
    ///   - arguments: the arguments by name. A value nil is left out.
    package func call(
        _ function: QueueFunction,
        keys more: [String] = [],
        _ arguments: KeyValuePairs<String, JSONValue?>
    ) async throws(QueueError) -> RedisValue {
        let call = command(function, keys: more, JSONValue(members: arguments))
        let reply = try await replies(of: function, [call])[0]
        if case .error(let error) = reply { throw QueueError(function, .server(error)) }
        return reply
    }

    /// Returns the command that calls a function.
    func command(_ function: QueueFunction, keys more: [String], _ arguments: JSONValue) -> RedisCommand {
        // Last, because the functions count the others.
        let all = [keys.meta] + more + [keys.absent]
        return QueueFunction.library.command(function.rawValue, keys: all, argument: arguments.text)
    }

    /// Calls functions in one round trip, and in order. Error replies stay values. An error has the name of `function`.
    func replies(of function: QueueFunction, _ calls: [RedisCommand]) async throws(QueueError) -> [RedisValue] {
        do throws(RedisError) {
            return try await redis.call(QueueFunction.library, calls)
        } catch {
            throw QueueError(function, error)
        }
    }

    package func unexpected(_ function: QueueFunction, _ value: RedisValue) -> QueueError {
        QueueError(
            call: function.rawValue,
            message: "Redis answered \(value), which this version does not understand"
        )
    }
}
