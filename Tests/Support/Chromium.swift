import Foundation
import Glibc
import Synchronization

/// A headless Chromium, driven by the DevTools protocol over two pipes.
package final class Chromium: Sendable {
    private struct State {
        var lastID = 0
        var unread: [UInt8] = []
    }

    private let process: ChildProcess
    private let directory: URL
    private let input: Int32
    private let output: Int32
    private let state = Mutex(State())
    private let session = Mutex<String?>(nil)

    /// Runs `body` with a browser that shows an empty page.
    package static func with<Value: Sendable>(_ body: (Chromium) async throws -> Value) async throws -> Value {
        let browser = try await Chromium()
        do {
            try await browser.openPage()
            let value = try await body(browser)
            await browser.end()
            return value
        } catch {
            await browser.end()
            throw error
        }
    }

    private init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(
            path: "rtm-chromium-\(UUID().uuidString.prefix(8))"
        )
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let (toBrowser, fromBrowser) = (directory.path + "/in", directory.path + "/out")
        for path in [toBrowser, fromBrowser] {
            guard mkfifo(path, 0o600) == 0 else { throw Overdue("no pipe \(path): \(errno)") }
        }
        // Open for both directions, so that neither side waits for the other to open its end.
        input = open(toBrowser, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        output = open(fromBrowser, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        let command =
            "exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run "
            + "--remote-debugging-pipe --user-data-dir=\(directory.path)/profile 3<\(toBrowser) 4>\(fromBrowser)"
        process = try await ChildProcess.start(
            ["bash", "-c", command],
            named: "chromium",
            logPath: directory.path + "/log"
        )
    }

    private func end() async {
        await process.end()
        close(input)
        close(output)
        try? FileManager.default.removeItem(at: directory)
    }

    private func openPage() async throws {
        let target = try await call("Target.createTarget", ["url": "about:blank"])["targetId"] ?? ""
        let attached = try await call("Target.attachToTarget", ["targetId": target, "flatten": true])
        let id = attached["sessionId"] as? String
        session.withLock { $0 = id }
        _ = try await call("Page.enable", [:])
    }

    /// Sets the size of the page, and whether the person wants a dark one.
    package func resize(width: Int, height: Int = 900, isDark: Bool = false) async throws {
        _ = try await call(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500]
        )
        let scheme = ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]
        _ = try await call("Emulation.setEmulatedMedia", ["features": [scheme]])
    }

    /// Goes to an address, and waits until the page is there.
    package func go(to address: String) async throws {
        let answer = try await call("Page.navigate", ["url": address])
        if let failure = answer["errorText"] as? String { throw Overdue("\(address): \(failure)") }
        try await eventually("the page \(address)", until: { $0 == "complete" }) {
            try await text("document.readyState")
        }
    }

    /// Presses a key.
    package func press(_ key: String) async throws {
        for kind in ["keyDown", "keyUp"] {
            _ = try await call(
                "Input.dispatchKeyEvent",
                ["type": kind, "key": key, "text": kind == "keyDown" ? key : ""]
            )
        }
    }

    /// Returns the value of a JavaScript expression as a text.
    package func text(_ expression: String) async throws -> String {
        let answer = try await call(
            "Runtime.evaluate",
            ["expression": "String(\(expression))", "returnByValue": true, "awaitPromise": true]
        )
        if let failure = answer["exceptionDetails"] { throw Overdue("\(expression): \(failure)") }
        return (answer["result"] as? [String: Any])?["value"] as? String ?? ""
    }

    /// Sends a command, and returns the result. Events are skipped.
    private func call(_ method: String, _ parameters: [String: Any]) async throws -> [String: Any] {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        var message: [String: Any] = ["id": id, "method": method, "params": parameters]
        if let session = session.withLock({ $0 }) { message["sessionId"] = session }
        let bytes = try JSONSerialization.data(withJSONObject: message) + [0]
        let written = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
        guard written == bytes.count else { throw Overdue("the browser takes no command: \(errno)") }
        var answer: [String: Any] = [:]
        try await eventually("the browser's answer to \(method)", every: .milliseconds(5)) {
            guard let text = nextMessage(),
                let found = try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any],
                found["id"] as? Int == id
            else { return false }
            answer = found
            return true
        }
        if let failure = answer["error"] { throw Overdue("\(method): \(failure)") }
        return answer["result"] as? [String: Any] ?? [:]
    }

    /// Returns the next message of the browser, which ends with a zero; nil: it is not whole yet.
    private func nextMessage() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        return state.withLock { state in
            while true {
                if let end = state.unread.firstIndex(of: 0) {
                    let message = Array(state.unread[..<end])
                    state.unread.removeFirst(end + 1)
                    return message
                }
                let count = read(output, &buffer, buffer.count)
                guard count > 0 else { return nil }
                state.unread += buffer[..<count]
            }
        }
    }
}
