"""What each key of the section `concurrency` costs and brings: one run for each value of a key."""

import dataclasses
import time
from typing import Callable

from .clients import Dklb
from .rows_created import AFTERWARDS, ARRIVALS, PATIENCE, WITHIN, running
from .rows_settled import EVENTS, PAUSE
from .usage import cpu_seconds, megabytes

AWAY = 0.05    # seconds: an EdgeLB that takes its time, where requests to it are to overlap
WATCHED = 20   # seconds of a settled state
SAMPLES = 30   # of a latency


@dataclasses.dataclass
class Sweep:
    """The values of one key, and the measurement that its curves are made of."""

    key: str
    values: list
    what: str  # for the drawing's title
    measure: Callable  # (bench, Dklb) -> {curve: value}
    edgelb_delay: float = 0
    beside: dict = dataclasses.field(default_factory=dict)  # other keys, the same for all values


def at_start(bench, client):
    """Services that are there when dklb starts: time, processor, memory at its peak."""
    cluster, count = bench.cluster, bench.services
    cluster.create(range(count))
    try:
        with cluster.observe() as seen:
            begin = time.monotonic()
            client.start()
            served = seen.wait_for(range(count), PATIENCE, client.check)
        bench.sleep(AFTERWARDS)
        return {"until all have an address, s": served - begin,
                "processor, s": cpu_seconds(client.pid),
                "memory at its peak, MB": megabytes(client.pid, "VmHWM")}
    finally:
        client.close()


def one_pool(bench, client):
    """Services that come one by one to one pool: writes to it, and how long the last one waits."""
    cluster, count = bench.cluster, min(ARRIVALS, bench.services)
    with running(client), cluster.observe() as seen:
        begin = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, begin + number * WITHIN / ARRIVALS - time.monotonic()))
            cluster.create([number], shared=True)
        created = time.monotonic()
        served = seen.wait_for(range(count), PATIENCE, client.check)
        bench.sleep(AFTERWARDS)
        return {"writes to the pool": client.pool_writes("shared"),
                "last address after the last create, s": served - created}


def one_more(bench, client):
    """One Service more, everything idle: the median of the time until its address."""
    cluster = bench.cluster
    taken = []
    with running(client), cluster.observe() as seen:
        for number in range(SAMPLES):
            cluster.create([number])
            posted = time.monotonic()
            taken.append(seen.wait_for([number], PATIENCE, client.check) - posted)
            time.sleep(PAUSE)
    return {"end of the POST until the address, p50, s": sorted(taken)[len(taken) // 2]}


def settled(bench, client):
    """Nothing to do: processor time a minute."""
    cluster, count = bench.cluster, bench.services
    with running(client), cluster.observe() as seen:
        cluster.create(range(count), after_each=seen.take)
        seen.wait_for(range(count), PATIENCE, client.check)
        bench.sleep(EVENTS)
        used, begin = cpu_seconds(client.pid), time.monotonic()
        bench.sleep(WATCHED)
        used = cpu_seconds(client.pid) - used
        return {"processor, s a minute": used * 60 / (time.monotonic() - begin),
                "memory, MB": megabytes(client.pid, "RssAnon")}


CALM = {"concurrency": {"poll": {"min": "1m", "max": "5m"}}}  # polls would hide the resync
SWEEPS = [
    Sweep("concurrency.schedulerThreads", [1, 2, 4, 8], "Services that are there at the start",
          at_start),
    Sweep("concurrency.schedulerThroughput", [1, 10, 100, 300, 1000],
          "Services that are there at the start", at_start),
    Sweep("concurrency.edgelbInFlight", [1, 2, 4, 8, 16, 32, 64],
          "Services that are there at the start; EdgeLB answers after 50 ms", at_start, AWAY),
    Sweep("concurrency.kubernetesInFlight", [1, 2, 4, 8, 16, 32, 64, 128],
          "Services that are there at the start", at_start),
    Sweep("concurrency.mailboxLimit", [1, 10, 100, 1000, 10000],
          "Services that are there at the start", at_start),
    Sweep("concurrency.poolWriteGap", ["0s", "50ms", "100ms", "250ms", "500ms", "1s", "2s"],
          "200 Services that come one by one within 3 s on one pool", one_pool),
    Sweep("concurrency.poll.min", ["50ms", "100ms", "250ms", "500ms", "1s", "2s"],
          "One Service more; EdgeLB answers after 50 ms", one_more, AWAY),
    Sweep("concurrency.resyncPeriod", ["1s", "2s", "5s", "15s", "1m", "2m"], "Settled Services",
          settled, beside=CALM),
    Sweep("kubernetes.qps", [20, 50, 100, 200, 500, 1000], "Services that are there at the start",
          at_start),
]


def run(bench, sweep, settings_of):
    """The points of a sweep: [{"value": ..., curve: [one number a run]}]."""
    points = []
    for value in sweep.values:
        point = {"value": value}
        for number in range(bench.pairs):
            client = Dklb(bench.cluster, bench.dklb, settings=settings_of(sweep, value),
                          edgelb_delay=sweep.edgelb_delay)
            for curve, measured in sweep.measure(bench, client).items():
                point.setdefault(curve, []).append(measured)
            bench.cluster.clear()
            bench.note(f"{sweep.key}={value} {number + 1}/{bench.pairs}: "
                       + ", ".join(f"{curve} {numbers[-1]:.3g}"
                                   for curve, numbers in point.items() if curve != "value"))
        points.append(point)
    return points
