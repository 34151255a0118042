import common


def noop(**payload):
    return "ok"


def lone(pushed):
    common.report(pushed)
