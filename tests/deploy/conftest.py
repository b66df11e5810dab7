"""A real API server for the tests of deploy/."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sandbox.cluster import KUBERNETES  # noqa: E402
from sandbox.cluster.addresses import AddressBlock  # noqa: E402
from sandbox.cluster.control_plane import ControlPlane  # noqa: E402
from sandbox.cluster.process import Process  # noqa: E402


@pytest.fixture(scope="session")
def address_block():
    """Loopback addresses that nobody else uses."""
    block = AddressBlock()
    yield block
    block.release()


@pytest.fixture(scope="session")
def cluster(address_block, tmp_path_factory):
    """A real API server with RBAC, pod security admission and the CRDs that overlays need.

    Like one before Kubernetes 1.32 it does not stream lists: only there every right is needed.
    """
    control_plane = ControlPlane(tmp_path_factory.mktemp("cluster"), address_block, KUBERNETES,
                                 feature_gates="WatchList=false")
    try:
        control_plane.start()
        crds = Path(__file__).parent / "crds"
        control_plane.kubectl("apply", "--server-side", "-f", str(crds))
        control_plane.kubectl("wait", "--for=condition=Established", "--timeout=30s",
                              "-f", str(crds))
        yield control_plane
    finally:
        for process in control_plane.processes:
            process.stop()


@pytest.fixture(scope="session")
def exporter(tmp_path_factory):
    """A page of the exporter in the HAProxy that is installed, without series of servers."""
    folder = tmp_path_factory.mktemp("haproxy")
    (folder / "haproxy.cfg").write_text(f"""
defaults
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend pages
  mode http
  bind unix@{folder}/pages
  http-request use-service prometheus-exporter
frontend web
  bind unix@{folder}/web
  default_backend web
backend web
  server one unix@{folder}/one check
""", encoding="utf-8")
    haproxy = Process("haproxy", [shutil.which("haproxy"), "-db", "-f", folder / "haproxy.cfg"],
                      folder).start()
    try:
        yield haproxy.wait_for(lambda: subprocess.run(
            ["curl", "--silent", "--unix-socket", folder / "pages",
             "http://haproxy/metrics?scope=global&scope=frontend&scope=backend"],
            capture_output=True, text=True, timeout=10, check=False).stdout, "a page")
    finally:
        haproxy.stop()
