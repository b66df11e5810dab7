"""The command line of tools/bench."""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Optional

from sandbox.cluster import RELEASE, ROOT, SandboxError

from . import rows_created, rows_settled
from .cluster import Cluster
from .table import Row, markdown, write_page

PAGE = ROOT / "docs" / "benchmarks.md"
MEASUREMENTS = {
    "created": rows_created.created, "webhook": rows_created.webhook,
    "at-start": rows_created.at_start, "one-pool": rows_created.one_pool,
    "many": rows_created.many, "pool-writes": rows_created.pool_writes,
    "one-more": rows_settled.one_more, "restart": rows_settled.restart,
    "idle": rows_settled.idle, "start-memory": rows_settled.start_memory,
    "memory": rows_settled.memory}


@dataclasses.dataclass
class Bench:
    """What a measurement may use."""

    cluster: Cluster
    services: int  # "1,000" of the rows
    pairs: int
    dklb: Path     # the program
    settings: dict  # sections of dklb's configuration file, beside its defaults
    against: Optional[Path]  # another build of it, instead of the floor
    note: Callable[[str], None]

    def sleep(self, seconds, full=200):
        """Gives the cluster so much time; less where there are fewer than `full` Services."""
        time.sleep(max(0.25, seconds * min(1.0, self.services / full)))


def note(text):
    """Progress, for the person who waits."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def setting(text):
    """KEY=VALUE as a nested dictionary, the value as JSON where it is some."""
    key, equals, value = text.partition("=")
    if not equals or not all(key.split(".")):
        raise argparse.ArgumentTypeError(f"{text} is not KEY=VALUE")
    try:
        value = json.loads(value)
    except ValueError:
        pass  # a duration, a name
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def merged(settings):
    """Several of them in one."""
    out = {}
    for one in settings:
        merge_into(out, one)
    return out


def merge_into(target, more):
    """Puts the leaves of a nested dictionary into another one."""
    for key, value in more.items():
        if isinstance(value, dict):
            merge_into(target.setdefault(key, {}), value)
        else:
            target[key] = value


def parse(arguments):
    """The options."""
    parser = argparse.ArgumentParser(
        prog="tools/bench", description="Measures dklb against a real API server and etcd, beside "
        "the least that a client can do, and prints a Markdown table.")
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, metavar="ROW",
                        help=f"measure this one; may be repeated: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--pairs", type=int, default=5, help="runs of dklb and the floor in turns")
    parser.add_argument("--services", type=int, default=1000, help="how many are 1,000")
    parser.add_argument("--dklb", type=Path, default=RELEASE / "dklb",
                        help="the program to measure")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", type=setting,
                        help="a key of dklb's configuration, such as concurrency.edgelbInFlight=4;"
                        " may be repeated")
    parser.add_argument("--against", type=Path, metavar="DKLB",
                        help="another build of dklb, which takes the place of the floor")
    parser.add_argument("--first", action="store_true",
                        help="go before everything else on this machine; needs root")
    parser.add_argument("--check", action="store_true", help="fail where a limit is missed")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    options = parser.parse_args(arguments)
    if options.write and (options.only or options.services != 1000 or options.set):
        parser.error("--write is for all rows, with 1,000 Services and the defaults")
    if options.against and (options.write or options.check):
        parser.error("limits are about the floor, which --against takes the place of")
    if options.pairs < 1 or options.services < 1:
        parser.error("--pairs and --services are at least 1")
    return options


def measure(bench, names):
    """The rows of these measurements. One that fails is a row, too, and the next goes on."""
    rows = []
    for name in names:
        try:
            bench.cluster.clear()  # what the one before has left
            rows += MEASUREMENTS[name](bench)
        except (RuntimeError, OSError, SandboxError) as problem:
            report = problem.report() if isinstance(problem, SandboxError) else str(problem)
            note(f"{name} failed: {report}")
            rows.append(Row(name, 0, problem=str(problem).splitlines()[0]))
    return rows


def heading(options):
    """What a table is about: when, which commit, how many pairs, on what."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, check=False,
                            capture_output=True, text=True).stdout.strip()
    return (f"Commit {commit}, {time.strftime('%Y-%m-%d')}, {options.pairs} pairs, "
            f"{len(os.sched_getaffinity(0))} cores; load when it began {os.getloadavg()[0]:.1f}.")


def main(arguments=None):
    """The exit status."""
    options = parse(arguments)
    about = heading(options)
    note("starting etcd and kube-apiserver")
    try:
        with Cluster(options.first) as cluster:
            rows = measure(Bench(cluster, options.services, options.pairs, options.dklb.resolve(),
                                 merged(options.set),
                                 options.against and options.against.resolve(), note),
                           options.only or MEASUREMENTS)
    except SandboxError as problem:
        print(problem.report(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"{about}\n\n{markdown(rows, options.against or 'floor')}", end="")
    if options.write:
        write_page(PAGE, about, rows)
    failed = any(row.problem for row in rows)
    return 1 if failed or options.check and not all(row.held for row in rows) else 0
