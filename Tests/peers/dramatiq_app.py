import dramatiq
from dramatiq.brokers.redis import RedisBroker

import common

dramatiq.set_broker(RedisBroker(url=common.URL))


@dramatiq.actor(max_retries=0)
def noop(**payload):
    return None


@dramatiq.actor(max_retries=0)
def lone(pushed):
    common.report(pushed)


def fill(count):
    for _ in range(count):
        noop.send(**common.PAYLOAD)


if __name__ == "__main__":
    common.main(fill, lone.send)
