#!/usr/bin/env python3
"""A small Game Master: starts a game, waits for the result, follows the game, stops and removes it.

    game_master.py GAME IMAGE

The program reads both streams with a consumer group, so a crash loses no entry; an entry may come twice. With Debian's
python3-redis you do not need resp.py. `generate-types` writes messages.py from the schemas.
"""
from __future__ import annotations

import datetime
import json
import os
import sys
import time
from typing import Iterator

from messages import Event, RemoveJob, Result, StartJob, StopJob
from resp import Redis, RedisError

GROUP, CONSUMER = "example", "one"


class GameMaster:
    def __init__(self, redis: Redis, keys: str):
        self.redis, self.keys = redis, keys
        self.results, self.events = keys + ":results", keys + ":events"
        for stream in (self.results, self.events):
            try:
                redis.call("XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM")
            except RedisError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    def push(self, job: StartJob | StopJob | RemoveJob) -> str:
        """Pushes a job. If this fails, push the same job again: workers drop a second message with its id."""
        self.redis.call("LPUSH", self.keys + ":queue:default", json.dumps(job))
        return job["id"]

    def entries(self, seconds: float) -> Iterator[tuple[str, Result | Event]]:
        """Yields the entries of both streams, and acknowledges each entry after its use."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # First the entries given to this consumer before a crash ("0"), then new entries (">").
            for position in ("0", ">"):
                answer = self.redis.call(
                    "XREADGROUP", "GROUP", GROUP, CONSUMER, "COUNT", 100, "BLOCK", 500,
                    "STREAMS", self.results, self.events, position, position,
                )
                for stream, entries in answer or []:
                    for entry, pairs in entries:
                        # A trimmed entry has no fields: the consumer was behind by more than the retention.
                        if pairs:
                            yield stream, dict(zip(pairs[::2], pairs[1::2]))
                        self.redis.call("XACK", stream, GROUP, entry)

    def result(self, job_id: str, seconds: float) -> Result:
        """Waits for the result of a job."""
        for stream, entry in self.entries(seconds):
            if stream == self.events:
                show_event(entry)
            elif entry["job_id"] == job_id:
                return entry
        # Nothing is lost: the record shows how far the job is, and has the result after the end.
        state = self.redis.call("HGET", f"{self.keys}:job:{job_id}", "state")
        raise TimeoutError(f"{job_id} has no result yet, its state is {state or 'unknown'}")


def show_event(event: Event) -> None:
    print("event", event["game_id"], event["event"], event.get("reason", ""), flush=True)


def show_result(result: Result) -> None:
    words = [result.get("error_code"), result.get("error"), result.get("engine_endpoint")]
    print("result", result.get("game_id"), result["outcome"], result["effect"], *filter(None, words), flush=True)


def timestamp(seconds: float = 0) -> str:
    """Now, or some seconds later, in RFC 3339."""
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def play(master: GameMaster, game: str, image: str) -> int:
    # A real Game Master takes the id of the request that it serves. So a repeated request pushes the same job.
    request = f"{game}-{time.time_ns()}"
    start: StartJob = {
        "v": 1, "id": f"start-{request}", "kind": "start", "game_id": game, "image": image,
        # The start begins within a minute, or ends `expired`. The wait has to be longer: see producers.md.
        "deadline": timestamp(60), "enqueued_at": timestamp(),
    }
    result = master.result(master.push(start), seconds=120)
    show_result(result)
    if result["outcome"] != "succeeded":
        return 1
    stop: StopJob = {"v": 1, "id": f"stop-{request}", "kind": "stop", "game_id": game, "stop_timeout_seconds": 10}
    remove: RemoveJob = {"v": 1, "id": f"remove-{request}", "kind": "remove", "game_id": game}
    # The jobs of a game run in the order of their pushes. So the second push does not wait for the first result.
    ids = [master.push(stop), master.push(remove)]
    missing = set(ids) | {"removed"}
    for stream, entry in master.entries(seconds=120):
        if entry.get("game_id") != game:
            continue
        if stream == master.events:
            show_event(entry)
            missing.discard(entry["event"])
        elif entry["job_id"] in ids:
            show_result(entry)
            missing.discard(entry["job_id"])
        if not missing:
            return 0
    print("missing after two minutes:", ", ".join(sorted(missing)), file=sys.stderr)
    return 1


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: game_master.py GAME IMAGE", file=sys.stderr)
        return 2
    redis = Redis(os.environ.get("RTM_REDIS_URL", "redis://127.0.0.1:6379"))
    return play(GameMaster(redis, "{%s}" % os.environ.get("RTM_NAMESPACE", "rtm")), sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    sys.exit(main())
