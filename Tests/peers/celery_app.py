import celery

import common

url = "redis+socket://" + common.SOCKET
app = celery.Celery("celery_app", broker=url, backend=url)
app.conf.update(
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=64,
)


@app.task(name="noop")
def noop(**payload):
    return "ok"


@app.task(name="lone")
def lone(pushed):
    common.report(pushed)


def fill(count):
    with app.producer_pool.acquire(block=True) as producer:
        for _ in range(count):
            noop.apply_async(kwargs=common.PAYLOAD, producer=producer)


if __name__ == "__main__":
    common.main(fill, lone.delay)
