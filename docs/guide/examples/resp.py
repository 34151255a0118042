"""Just enough of Redis' protocol for the example, on a plain socket."""
import socket
import urllib.parse


class RedisError(Exception):
    """A refusal by Redis."""


class Redis:
    """A connection: one call at a time."""

    def __init__(self, url):
        parts = urllib.parse.urlparse(url)
        if parts.scheme == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(urllib.parse.unquote(parts.path))
            database = urllib.parse.parse_qs(parts.query).get("db", ["0"])[0]
        elif parts.scheme == "redis":
            self.socket = socket.create_connection((parts.hostname, parts.port or 6379))
            database = parts.path.strip("/") or "0"
        else:
            raise ValueError("RTM_REDIS_URL must begin with redis:// or unix://")
        self.file = self.socket.makefile("rb")
        # In a URL, user and password are percent-encoded: p%40ss is p@ss.
        user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        if user or password:
            self.call("AUTH", user or "default", password)
        if int(database):
            self.call("SELECT", int(database))

    def call(self, *words):
        command = [b"*%d\r\n" % len(words)]
        for word in words:
            data = str(word).encode()
            command.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.socket.sendall(b"".join(command))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("Redis has closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if int(rest) < 0:
                return None
            return self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return None if int(rest) < 0 else [self.reply() for _ in range(int(rest))]
        return rest.decode()
