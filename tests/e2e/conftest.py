"""The sandbox for the far tests: one cluster per session, one dklb and one namespace per test."""

import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sandbox.cluster import ROOT, Sandbox  # noqa: E402
from world import QUICK, World  # noqa: E402


@pytest.fixture(scope="session")
def sandbox():
    """A cluster with nodes and EdgeLB, without dklb."""
    with Sandbox.in_free_folder(ROOT / "build" / "test" / "sandbox") as cluster:
        cluster.start_control_plane()
        cluster.start_nodes()
        cluster.start_edgelb("--log-level=debug")
        yield cluster


@pytest.fixture
def world(sandbox, request):
    """A namespace of the test's own, and the means to look at it. dklb does not run yet."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-")
    made = World(sandbox, name)
    made.open()
    yield made
    made.close()


@pytest.fixture
def running(world):
    """The same with dklb running."""
    world.start_dklb(concurrency=QUICK)
    return world


@pytest.fixture
def on_nodes(world, quick):
    """dklb runs, and its servers are the nodes themselves."""
    world.start_dklb(concurrency=quick, pools={"backendMode": "nodes"})
    return world


@pytest.fixture
def quick():
    """dklb's concurrency settings in these tests."""
    return json.loads(json.dumps(QUICK))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what the parts of the sandbox said last."""
    report = (yield).get_result()
    cluster = item.funcargs.get("sandbox")
    if report.failed and cluster is not None:
        for log in sorted((cluster.state / "logs").glob("*.log")):
            if log.stem in ("dklb", "edgelb-local", "sandbox-node"):
                lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-60:]
                report.sections.append((log.name, "\n".join(lines)))
