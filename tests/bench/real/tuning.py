"""The command line of tools/tuning."""

import argparse
import json
import sys
from pathlib import Path

from sandbox.cluster import RELEASE, ROOT, SandboxError

from .cluster import Cluster
from .command import Bench, heading, merge_into, note, setting
from .curves import draw
from .sweeps import SWEEPS, run

FOLDER = ROOT / "docs" / "tuning"
POINTS = FOLDER / "points.json"


def parse(arguments):
    """The options."""
    keys = [sweep.key for sweep in SWEEPS]
    parser = argparse.ArgumentParser(
        prog="tools/tuning", description="Measures dklb with other values of its keys, against a "
        f"real API server, and draws the curves of docs/tuning.md into {FOLDER.name}/.")
    parser.add_argument("--only", action="append", choices=keys, metavar="KEY",
                        help=f"sweep over this key; may be repeated: {', '.join(keys)}")
    parser.add_argument("--pairs", type=int, default=3, help="runs with each value")
    parser.add_argument("--services", type=int, default=1000, help="how many Services")
    parser.add_argument("--dklb", type=Path, default=RELEASE / "dklb", help="the program")
    parser.add_argument("--first", action="store_true",
                        help="go before everything else on this machine; needs root")
    parser.add_argument("--draw", action="store_true", help="measure nothing, draw what was")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the results go")
    options = parser.parse_args(arguments)
    if options.pairs < 1 or options.services < 1:
        parser.error("--pairs and --services are at least 1")
    return options


def settings_of(sweep, value):
    """dklb's configuration with this value of the key."""
    out = json.loads(json.dumps(sweep.beside))
    merge_into(out, setting(f"{sweep.key}={json.dumps(value)}"))
    return out


def measure(options, results):
    """Adds the points of each sweep to the results, and keeps them after each."""
    about = heading(options)
    with Cluster(options.first) as cluster:
        bench = Bench(cluster, options.services, options.pairs, options.dklb.resolve(), {}, None,
                      note)
        for sweep in SWEEPS:
            if options.only and sweep.key not in options.only:
                continue
            cluster.clear()
            results[sweep.key] = {"what": f"{options.services:,}: {sweep.what}", "heading": about,
                                  "points": run(bench, sweep, settings_of)}
            keep(options.folder, results)


def keep(folder, results):
    """The points as JSON, and a drawing for each key."""
    folder.mkdir(exist_ok=True)
    (folder / POINTS.name).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for key, result in results.items():
        (folder / f"{key}.svg").write_text(
            draw(key, result["what"], result["heading"], result["points"]), encoding="utf-8")


def main(arguments=None):
    """The exit status."""
    options = parse(arguments)
    points = options.folder / POINTS.name
    results = json.loads(points.read_text(encoding="utf-8")) if points.exists() else {}
    try:
        if not options.draw:
            measure(options, results)
    except (SandboxError, RuntimeError) as problem:
        print(problem.report() if isinstance(problem, SandboxError) else problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    keep(options.folder, results)
    return 0
