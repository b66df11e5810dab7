"""The move from another controller, as docs/moving.md has it: both side by side, without a break."""

import json
import re
from pathlib import Path

import yaml
from world import ANNOTATION, QUICK

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "moving.md").read_text(encoding="utf-8")


def second_service():
    """The Service that the page shows, for redis instead of a web server."""
    manifest = yaml.safe_load(re.search(r"(?ms)^ *```yaml\n(.*?)^ *```$", PAGE).group(1))
    assert (manifest["metadata"]["name"], manifest["spec"]["selector"]) == ("web-edge",
                                                                            {"app": "web"})
    manifest["spec"].update(selector={"app": "redis"}, ports=[{"name": "redis", "port": 6379}])
    return manifest


def test_both_serve_side_by_side_until_the_old_service_gives_its_address_up(world):
    world.start_dklb(concurrency=QUICK, kubernetes={
        "claimUnclassed": False, "kubeconfig": str(world.sandbox.kubeconfig)})
    world.create_pod()
    # The present controller's: it has written an address.
    world.create_service("web")
    old = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    world.kubectl("patch", "service", "web", "--subresource=status", "--type=merge", "-p",
                  json.dumps({"status": old}))

    world.create(second_service())
    world.kubectl("wait", "service/web-edge", "--timeout=60s",
                  "--for=condition=kubernetes.dcos.io/Provisioned")
    address = world.wait_for_address("web-edge")
    world.wait_for_redis(address, 6379)
    with world.undisturbed(address, 6379):
        web = world.get("service", "web")
        assert world.addresses("web") == ["192.0.2.1"]
        assert "finalizers" not in web["metadata"]
        assert ANNOTATION not in web["metadata"].get("annotations", {})
        world.patch("service", "web", {"spec": {"type": "ClusterIP"}})
        assert world.get("service", "web")["spec"]["clusterIP"] == web["spec"]["clusterIP"]
        world.wait_for_condition("web-edge", "True")


def test_the_class_cannot_be_added_to_a_service_that_has_none(world):
    """Why the page asks for a second Service."""
    world.create_service("web")
    answer = world.kubectl("patch", "service", "web", "--type=merge", "-p", json.dumps(
        {"spec": {"loadBalancerClass": "kubernetes.dcos.io/edgelb"}}), check=False)
    assert answer.returncode != 0 and "may not change once set" in answer.stderr


def test_every_key_that_the_page_names_is_in_the_guide():
    guide = (DOCS / "guide.md").read_text(encoding="utf-8")
    known = set(re.findall(r"(?m)^\| \[`([A-Za-z]+)", guide))
    named = set(re.findall(r"\bkey `([A-Za-z]+)", PAGE))
    assert len(named) >= 8 and named <= known, named - known
