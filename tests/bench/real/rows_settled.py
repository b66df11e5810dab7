"""Rows about a cluster whose Services have their addresses: one more, a restart, idle, memory."""

import statistics
import time
from contextlib import contextmanager

from .clients import Dklb, Floor
from .rows_created import PATIENCE, in_turns, running
from .table import Row, median_row
from .usage import megabytes, voluntary_switches

SAMPLES = 100  # of the time until one more Service has an address
PAUSE = 0.1    # seconds between two of them, so that each finds everything idle
EVENTS = 1     # seconds for the events, which come after the addresses
QUIET = 3      # seconds in which a restart would have written
# Until memory of a burst is given back and polls are rare, and how long switches are counted; both
# for 1,000 Services, less for fewer.
REST, WINDOW = 60, 30


@contextmanager
def settled(bench, count):
    """dklb with so many Services that were created one after the other and all have an address.
    They stay: see command.measure."""
    cluster = bench.cluster
    with running(Dklb(cluster, bench.dklb, settings=bench.settings)) as client:
        with cluster.observe() as seen:
            cluster.create(range(count), after_each=seen.take)
            seen.wait_for(range(count), PATIENCE, client.check)
        bench.sleep(EVENTS)
        yield client


def one_more(bench):
    """One Service more, everything idle: from the end of its POST to its address."""
    cluster, count = bench.cluster, bench.services
    samples = SAMPLES if count >= 500 else 10
    numbers = range(count, count + samples)

    def by_dklb(program=bench.dklb):
        client.run_next(program)
        client.start()
        client.wait_ready()
        bench.sleep(EVENTS)
        taken = _samples(cluster, client, numbers)
        cluster.delete(numbers)
        cluster.wait_for_count(count)
        client.stop()
        return taken

    def by_floor():
        if bench.against:
            return by_dklb(bench.against)
        floor = Floor(cluster)
        floor.start()
        try:
            taken = _samples(cluster, floor, numbers)
        finally:
            floor.close()
        cluster.delete(numbers)
        return taken

    with settled(bench, count) as client:
        client.stop()
        dklb, floor = in_turns(bench, "one-more", by_dklb, by_floor)
    return [median_row(f"one Service more among {count:,}, end of its POST until its address, "
                       f"{name}", [taken[place] for taken in dklb],
                       [taken[place] for taken in floor], limit=limit)
            for place, (name, limit) in enumerate((("p50", 3.5), ("p99", 4)))]


def _samples(cluster, client, numbers):
    """(p50, p99) in seconds."""
    taken = []
    with cluster.observe() as seen:
        for number in numbers:
            cluster.create([number])
            posted = time.monotonic()
            taken.append(seen.wait_for([number], PATIENCE, client.check) - posted)
            time.sleep(PAUSE)
    taken.sort()
    return taken[len(taken) // 2], taken[min(len(taken) - 1, int(0.99 * len(taken)))]


def restart(bench):
    """Restarts over settled Services: what is written, and until a new one is served."""
    cluster, count = bench.cluster, bench.services

    def by_dklb(program=bench.dklb):
        client.run_next(program)
        before, pools = cluster.audit.mark(), client.pool_writes()
        client.start()
        client.wait_ready()
        bench.sleep(QUIET)
        client.stop()
        written.append(sum(cluster.audit.writes(before).values())
                       + client.pool_writes() - pools)
        seconds = _start_to_address(cluster, client, new + len(written))
        client.wait_ready()
        bench.sleep(EVENTS)
        client.stop()
        return seconds

    def by_floor():
        if bench.against:
            return by_dklb(bench.against)
        floor = Floor(cluster)
        try:
            seconds = _start_to_address(cluster, floor, new)
        finally:
            floor.close()
        cluster.delete([new])
        return seconds

    written, new = [], count
    with settled(bench, count) as client:
        client.stop()
        dklb, floor = in_turns(bench, "restart", by_dklb, by_floor)
    # No ratio: the floor's start costs next to nothing.
    return [Row(f"restart over {count:,} settled Services: writes, to Kubernetes and EdgeLB",
                max(written), limit=0),
            Row("the same: start of the program until a new Service has its address",
                statistics.median(dklb), "s", statistics.median(floor), limit=0.4)]


def _start_to_address(cluster, client, number):
    cluster.create([number])
    with cluster.observe() as seen:
        begin = time.monotonic()
        client.start()
        return seen.wait_for([number], PATIENCE, client.check) - begin


def idle(bench):
    """Nothing to do: memory, and how often its threads wake up."""
    with settled(bench, bench.services) as client:
        bench.note("idle: waits until polls are rare")
        bench.sleep(REST, full=1000)
        begin, before = time.monotonic(), voluntary_switches(client.pid)
        bench.sleep(WINDOW, full=1000)
        switches = (voluntary_switches(client.pid) - before) / (time.monotonic() - begin)
        rows = _memory_rows(client, bench.services, 16)
    return [*rows, Row(f"voluntary context switches, {bench.services:,} settled Services",
                       switches, "/s", limit=120)]


def memory(bench):
    """Memory with ten times as many."""
    count = 10 * bench.services
    with settled(bench, count) as client:
        bench.note("memory: waits until what a burst needed is given back")
        bench.sleep(REST, full=1000)
        return _memory_rows(client, count, 110)


def start_memory(bench):
    """Memory where all came at once: Services that were there when dklb started, none served."""
    cluster, count = bench.cluster, bench.services
    client = Dklb(cluster, bench.dklb, settings=bench.settings)
    cluster.create(range(count))
    try:
        with cluster.observe() as seen:
            client.start()
            seen.wait_for(range(count), PATIENCE, client.check)
        bench.sleep(REST, full=1000)
        return _memory_rows(client, count, None, "Services that were there at the start")
    finally:
        client.close()


def _memory_rows(client, count, limit, what="settled Services"):
    return [Row(f"{name}, {count:,} {what}", megabytes(client.pid, name), "MB", limit=most)
            for name, most in (("RssAnon", limit), ("VmHWM", None))]
