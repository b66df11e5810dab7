"""Upgrade and roll back as docs/operations.md has them, under the real Deployment controller."""

import json

import pytest
import yaml
from operations_guide import commands, run
from rendering import NAMESPACE, ROOT

from sandbox.cluster import KUBERNETES
from sandbox.cluster.addresses import AddressBlock
from sandbox.cluster.control_plane import ControlPlane
from sandbox.cluster.process import wait_until


@pytest.fixture
def cluster(tmp_path):
    """One that makes pods; nobody runs them."""
    block = AddressBlock()
    control_plane = ControlPlane(tmp_path / "cluster", block, KUBERNETES,
                                 more_controllers=["deployment-controller", "replicaset-controller"])
    try:
        control_plane.start()
        yield control_plane
    finally:
        for process in control_plane.processes:
            process.stop()
        block.release()


def pods(cluster):
    """The image of each pod of dklb, by the pod's name."""
    items = cluster.kubectl_json("get", "pods", "-n", NAMESPACE)["items"]
    return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in items}


def test_an_upgrade_waits_for_the_new_pod_and_roll_back_leaves_the_old_one(cluster, tmp_path):
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    _, name, install = commands("Install")
    run(cluster, tmp_path, name)
    run(cluster, tmp_path, install)
    old = wait_until(lambda: pods(cluster), "the first pod", 60)
    assert list(old.values()) == ["dklb:0.1.0"]
    cluster.kubectl("patch", "pod", *old, "-n", NAMESPACE, "--subresource=status", "-p", json.dumps(
        {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}))
    cluster.kubectl("wait", "--for=condition=Available", "deployment/dklb", "-n", NAMESPACE,
                    "--timeout=60s")

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/kustomization.yaml").write_text(yaml.safe_dump(
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
         "resources": ["../deploy/overlays/single-replica"],
         "images": [{"name": "dklb", "newTag": "0.2.0"}]}))
    cluster.kubectl("apply", "--server-side", "-k", str(tmp_path / "mine"))
    both = wait_until(lambda: len(pods(cluster)) == 2 and pods(cluster), "the second pod", 60)
    assert both.items() > old.items(), "the old pod works on"
    assert sorted(both.values()) == ["dklb:0.1.0", "dklb:0.2.0"]

    back, _ = commands("Roll back")
    run(cluster, tmp_path, back)
    wait_until(lambda: pods(cluster) == old, "the old pod alone", 60)
