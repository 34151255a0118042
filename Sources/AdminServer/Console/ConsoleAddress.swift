/// The address of a worker's console, as the page of any worker shows it.
struct ConsoleAddress: Sendable, Equatable {
    /// The name of the worker's machine.
    var machine: String
    /// The host on which the console listens.
    var host: String
    var port: Int

    /// Reads the address that a worker has announced, `http://HOST:PORT/`; nil: the address has another form.
    ///
    /// - Parameter machine: The name of the worker's machine.
    init?(_ address: String, host machine: String) {
        guard address.hasPrefix("http://") else { return nil }
        let authority = address.dropFirst("http://".count).split(separator: "/").first ?? ""
        guard let colon = authority.lastIndex(of: ":"),
            let port = UInt16(authority[authority.index(after: colon)...])
        else { return nil }
        self.machine = machine
        self.port = Int(port)
        host = String(authority[..<colon]).replacing("[", with: "").replacing("]", with: "")
    }

    /// Returns the host and port for a link; nil if this browser does not reach the console by an address.
    ///
    /// A loopback address means the browser's own machine. So it is right only if the browser has called this very page
    /// by a loopback address with the same port.
    func target(for audience: Audience) -> String? {
        if LoopbackHost.isLoopback(host) {
            let isThisPage = LoopbackHost.names(audience.authority) && audience.authority.hasSuffix(":\(port)")
            return isThisPage && audience.host == machine ? audience.authority : nil
        }
        // A console on all addresses of its machine is known by the machine's name.
        let name = ["0.0.0.0", "::", ""].contains(host) ? machine : host
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        guard isPlain, !name.isEmpty else { return nil }
        return name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
    }

    /// Returns the address as a link, or as a text that says why there is no link.
    func html(for audience: Audience) -> String {
        if let target = target(for: audience) {
            let text = HTMLText.escape(target)
            return "<a href=\"http://\(text)/\"><span>\(text)</span></a>"
        }
        let reason =
            LoopbackHost.isLoopback(host)
            ? "listens on \(host) of \(machine), which other machines do not reach; "
                + "a tunnel does: ssh -L \(port):\(host):\(port) \(machine)"
            : "has no name that a browser could call"
        return
            "<span title=\"\(HTMLText.escape(reason, longest: 500))\">\(HTMLText.escape("\(machine):\(port)"))</span>"
    }
}
