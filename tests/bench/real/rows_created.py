"""Rows about many Services: created one after the other, or there at the start."""

import dataclasses
import statistics
import time
from contextlib import contextmanager

from .api import KINDS
from .clients import Dklb, Floor
from .table import Row, median_row
from .usage import cpu_seconds

PATIENCE = 300   # seconds until a burst has failed
AFTERWARDS = 1   # seconds for the events, which come after the addresses
BEFORE = 0.5     # seconds for what a start leaves behind
ARRIVALS, WITHIN = 200, 3.0  # Services that come one by one to a pool, and in how many seconds


@dataclasses.dataclass
class Burst:
    """What it took until many Services had an address."""

    seconds: float  # from the first POST to the last address
    last: float     # from the end of the last POST to the last address
    cpu: dict       # seconds by process: client, apiserver, etcd
    writes: dict    # by kind, see api.KINDS

    def __str__(self):
        return f"{self.seconds:.2f} s, processor {self.cpu['client']:.2f} s"


@contextmanager
def running(client):
    """A client that is ready."""
    try:
        client.start()
        client.wait_ready()
        yield client
    finally:
        client.close()


def floor_of(bench, webhook=False):
    """What dklb is compared with: the floor, or another build of dklb."""
    if bench.against:
        return Dklb(bench.cluster, bench.against, webhook, bench.settings)
    return Floor(bench.cluster)


def in_turns(bench, what, dklb, floor):
    """Runs both `pairs` times, in alternating order: the results of dklb, and of the floor (or of
    what it is compared with)."""
    results = {"dklb": [], "floor": []}
    for number in range(bench.pairs):
        turn = [("dklb", dklb), ("floor", floor)]
        for name, measure in turn if number % 2 == 0 else reversed(turn):
            results[name].append(measure())
            bench.note(f"{what} {number + 1}/{bench.pairs}: {name} {_shown(results[name][-1])}")
    return results["dklb"], results["floor"]


def _shown(result):
    """A result for the person who waits: seconds, several of them, or a burst."""
    if isinstance(result, tuple):
        return ", ".join(map(_shown, result))
    return f"{result:.3f} s" if isinstance(result, float) else str(result)


def create_all(bench, client, count, shared=False):
    """A client that runs meets Services that are created one after the other."""
    cluster = bench.cluster
    with running(client), cluster.observe() as seen:
        bench.sleep(BEFORE)
        pids = {"client": client.pid, **cluster.pids()}
        before = cluster.audit.mark()
        used = {name: cpu_seconds(pid) for name, pid in pids.items()}
        begin = time.monotonic()
        cluster.create(range(count), shared, seen.take)
        created = time.monotonic()
        served = seen.wait_for(range(count), PATIENCE, client.check)
        bench.sleep(AFTERWARDS)
        cpu = {name: cpu_seconds(pid) - used[name] for name, pid in pids.items()}
        writes = cluster.audit.writes(before)
    cluster.clear()
    return Burst(served - begin, served - created, cpu, writes)


def start_over(cluster, client, count):
    """A client starts where the Services are. Seconds until all have an address."""
    cluster.create(range(count))
    try:
        with cluster.observe() as seen:
            begin = time.monotonic()
            client.start()
            served = seen.wait_for(range(count), PATIENCE, client.check)
    finally:
        client.close()
    cluster.clear()
    return served - begin


def write_rows(dklb, floor, count, limit):
    """Writes a Service, by kind."""
    def row(name, kinds, limit=None):
        each, least = (statistics.median(sum(burst.writes[kind] for kind in kinds) / count
                                         for burst in runs) for runs in (dklb, floor))
        return Row(f"the same: writes a Service, {name}", each, "", least, limit=limit)
    return [*(row(kind, [kind]) for kind in KINDS), row("all", KINDS, limit)]


def bursts(bench, what, count, webhook=False, shared=False):
    """Services that are created, in turns: the bursts of dklb, and of the floor."""
    return in_turns(
        bench, what,
        lambda: create_all(bench, Dklb(bench.cluster, bench.dklb, webhook, bench.settings), count, shared),
        lambda: create_all(bench, floor_of(bench, webhook), count, shared))


def time_row(work, dklb, floor, limit=None):
    """Until all have an address."""
    return median_row(work, [one.seconds for one in dklb], [one.seconds for one in floor],
                      limit=limit)


def created(bench):
    """Services created one after the other: time, processor, writes."""
    count = bench.services
    dklb, floor = bursts(bench, "created", count)
    rows = [time_row(f"{count:,} Services created one after the other, until all have an address",
                     dklb, floor, limit=1.7),
            Row("the same: last address after the end of the last create",
                statistics.median(one.last for one in dklb), "s",
                statistics.median(one.last for one in floor), limit=0.1)]
    for process, name, limit in (("client", "the program", 4.5), ("apiserver", "API server", None),
                                 ("etcd", "etcd", None)):
        rows.append(median_row(f"the same: processor seconds, {name}",
                               [one.cpu[process] for one in dklb],
                               [one.cpu[process] for one in floor], limit=limit))
    return rows + write_rows(dklb, floor, count, 3) + alone(bench)


def alone(bench):
    """What the creation itself takes, where nobody serves."""
    begin, used = time.monotonic(), time.process_time()
    bench.cluster.create(range(bench.services))
    seconds, used = time.monotonic() - begin, time.process_time() - used
    bench.cluster.clear()
    return [Row("the same: the creation alone, nobody serves, a Service",
                seconds / bench.services, "s"),
            Row("the same: processor time of the creation's client, a Service",
                used / bench.services, "s")]


def webhook(bench):
    """The same with dklb's webhook on; the floor has none."""
    count = bench.services
    dklb, floor = bursts(bench, "webhook", count, webhook=True)
    return [time_row(f"{count:,} Services created, with the webhook (the floor without)", dklb,
                     floor, limit=1.5), *write_rows(dklb, floor, count, 2)]


def at_start(bench):
    """Services that are there when the program starts."""
    cluster, count = bench.cluster, bench.services
    dklb, floor = in_turns(bench, "at-start",
                           lambda: start_over(cluster, Dklb(cluster, bench.dklb, settings=bench.settings), count),
                           lambda: start_over(cluster, floor_of(bench), count))
    return [median_row(f"{count:,} Services that are there, start of the program until all have "
                       "an address", dklb, floor)]


def one_pool(bench):
    """Services created on one pool."""
    dklb, floor = bursts(bench, "one-pool", bench.services, shared=True)
    return [time_row(f"{bench.services:,} Services created on one pool", dklb, floor)]


def many(bench):
    """Five times as many."""
    count = 5 * bench.services
    dklb, floor = bursts(bench, "many", count)
    return [time_row(f"{count:,} Services created", dklb, floor)]


def pool_writes(bench):
    """Services that come one by one to one pool: how often it is written."""
    count = min(ARRIVALS, bench.services)
    writes = []
    for number in range(bench.pairs):
        writes.append(_arrivals(bench, count))
        bench.note(f"pool-writes {number + 1}/{bench.pairs}: {writes[-1]}")
    return [Row(f"{count} Services that come one by one within {WITHIN:g} s on one pool: "
                "writes to it", statistics.median(writes), limit=15)]


def _arrivals(bench, count):
    cluster = bench.cluster
    with running(Dklb(cluster, bench.dklb, settings=bench.settings)) as client, cluster.observe() as seen:
        begin = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, begin + number * WITHIN / ARRIVALS - time.monotonic()))
            cluster.create([number], shared=True)
        seen.wait_for(range(count), PATIENCE, client.check)
        bench.sleep(AFTERWARDS)
        writes = client.pool_writes("shared")
    cluster.clear()
    return writes
