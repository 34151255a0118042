"""Common parts of the apps: the address of Redis, the payload, and the commands `fill N` and `lone N`."""

import asyncio
import os
import sys
import time

import redis

URL = os.environ["REDIS_URL"]
SOCKET = os.environ["REDIS_SOCKET"]
PAYLOAD = {"action": "start", "container": "c-0000000001", "image": "example/engine:test", "pad": "x" * 60}
# The time from one lone job to the next, in seconds.
GAP = 0.025

client = None


def report(pushed):
    """Reports the time from the push to the handler of a lone job, in milliseconds."""
    global client
    took = (time.time() - pushed) * 1000
    client = client or redis.Redis(unix_socket_path=SOCKET)
    client.rpush("bench:lone", took)


def main(fill, lone):
    command, count = sys.argv[1], int(sys.argv[2])
    if command == "fill":
        fill(count)
    else:
        for _ in range(count):
            lone(time.time())
            time.sleep(GAP)


async def main_async(fill, lone):
    command, count = sys.argv[1], int(sys.argv[2])
    if command == "fill":
        await fill(count)
    else:
        for _ in range(count):
            await lone(time.time())
            await asyncio.sleep(GAP)
