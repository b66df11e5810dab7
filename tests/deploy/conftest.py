"""A real API server for the tests of deploy/."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sandbox.cluster import KUBERNETES  # noqa: E402
from sandbox.cluster.addresses import AddressBlock  # noqa: E402
from sandbox.cluster.control_plane import ControlPlane  # noqa: E402


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
