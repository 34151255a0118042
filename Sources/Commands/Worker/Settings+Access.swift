import AdminServer
import Settings
import Terminal

extension Settings {
    /// Returns who may do what on the worker's server.
    ///
    /// - Throws: ``CommandError`` if a file of a token cannot be read, or if strangers could act on the fleet.
    func accessRules() throws(CommandError) -> AccessRules {
        let rules = AccessRules(
            token: try httpToken(),
            readToken: try httpReadToken(),
            allowsActions: httpActions,
            userHeader: httpUserHeader
        )
        if rules.readToken != nil, rules.token == nil {
            throw .wrongUse("RTM_HTTP_READ_TOKEN_FILE needs RTM_HTTP_TOKEN_FILE: without it everybody reads")
        }
        if rules.allowsActions, rules.token == nil, let http, !LoopbackHost.isLoopback(http.host) {
            throw .wrongUse(
                "RTM_HTTP_ACTIONS=on with RTM_HTTP=\(http.host):\(http.port) needs RTM_HTTP_TOKEN_FILE: without a token "
                    + "everybody who reaches this address could stop games"
            )
        }
        return rules
    }
}
