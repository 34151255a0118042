import redis
import rq

import common
import rq_jobs

client = redis.Redis(unix_socket_path=common.SOCKET)
queue = rq.Queue(connection=client)


def fill(count):
    for first in range(0, count, 500):
        jobs = [
            rq.Queue.prepare_data(rq_jobs.noop, kwargs=common.PAYLOAD, result_ttl=0)
            for _ in range(min(500, count - first))
        ]
        with client.pipeline() as pipeline:
            queue.enqueue_many(jobs, pipeline=pipeline)
            pipeline.execute()


common.main(fill, lambda pushed: queue.enqueue(rq_jobs.lone, pushed, result_ttl=0))
