import asyncio
import signal
import sys

from bullmq import Queue, Worker

import common

KEEP_NOTHING = {"removeOnComplete": True}


async def process(job, token):
    if job.name == "lone":
        common.report(job.data["pushed"])
    return "ok"


async def work():
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = Worker("bench", process, {"connection": common.URL, "concurrency": 50})
    await stop.wait()
    await worker.close()


async def push():
    queue = Queue("bench", {"connection": common.URL})

    async def fill(count):
        for first in range(0, count, 250):
            jobs = min(250, count - first)
            await queue.addBulk(
                [{"name": "noop", "data": common.PAYLOAD, "opts": dict(KEEP_NOTHING)} for _ in range(jobs)]
            )

    await common.main_async(fill, lambda pushed: queue.add("lone", {"pushed": pushed}, dict(KEEP_NOTHING)))
    await queue.close()


asyncio.run(work() if sys.argv[1] == "work" else push())
