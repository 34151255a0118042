#!/usr/bin/env python3
"""A small Game Master on plain sockets: stops and removes a game, and prints the game's results and events.

    game_master.py GAME

The program reads both streams with a consumer group, so a crash loses no entry; an entry may come twice. With Debian's
python3-redis you do not need the class Redis below.
"""
import json
import os
import socket
import sys
import time
import urllib.parse


class Redis:
    """Just enough of RESP."""

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
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            if int(rest) < 0:
                return None
            return self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return None if int(rest) < 0 else [self.reply() for _ in range(int(rest))]
        return rest.decode()


def main():
    game = sys.argv[1]
    redis = Redis(os.environ.get("RTM_REDIS_URL", "redis://127.0.0.1:6379"))
    keys = "{%s}" % os.environ.get("RTM_NAMESPACE", "rtm")
    streams = [keys + ":results", keys + ":events"]
    for stream in streams:
        try:
            redis.call("XGROUP", "CREATE", stream, "example", "0", "MKSTREAM")
        except RuntimeError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def push(kind):
        job = {"v": 1, "id": f"{kind}-{game}-{time.time_ns()}", "kind": kind, "game_id": game}
        redis.call("LPUSH", keys + ":queue:default", json.dumps(job))
        return job["id"]

    push("stop")
    removal = push("remove")
    seen = set()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        # First what this consumer was given before and has not acknowledged ("0"), then what is new (">").
        for position in ("0", ">"):
            answer = redis.call(
                "XREADGROUP", "GROUP", "example", "one", "COUNT", 100, "BLOCK", 500,
                "STREAMS", *streams, position, position,
            )
            for stream, entries in answer or []:
                for entry, pairs in entries:
                    fields = dict(zip(pairs[::2], pairs[1::2])) if pairs else {}
                    if fields.get("game_id") == game:
                        what = fields.get("event") or fields["outcome"] + " " + fields["effect"]
                        print(stream.rsplit(":", 1)[1], what, fields.get("reason", ""), flush=True)
                        seen.add(fields.get("event") or fields["job_id"])
                    redis.call("XACK", stream, "example", entry)
        if removal in seen and "removed" in seen:
            return 0
    return "the game was not removed within a minute"


sys.exit(main())
