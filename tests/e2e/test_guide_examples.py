"""Every YAML example of docs/guide.md, applied to the real API server with dklb and the webhook:
it is accepted without a warning, and dklb serves it."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from webhook_world import webhook_world
from world import ANNOTATION

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guide.md").read_text(encoding="utf-8")
PAUSED = "kubernetes.dcos.io/dklb-paused"


@dataclass(frozen=True)
class Example:
    """A YAML block of the guide; `line` is where it begins."""

    line: int
    content: dict

    @property
    def name(self):
        """The name that it has in the test: the guide uses some names more than once."""
        return f"guide-{self.line}"

    @property
    def config(self):
        """Its configuration object; empty without one."""
        annotations = self.content.get("metadata", {}).get("annotations", self.content)
        return yaml.safe_load(annotations.get(ANNOTATION, "")) or {}

    @property
    def is_service(self):
        """A Pod is none; a bare annotation is applied on a Service."""
        return self.content.get("kind", "Service") == "Service"

    @property
    def paused(self):
        """Whether it shows a paused Service."""
        return PAUSED in self.content.get("metadata", {}).get("annotations", {})

    def manifest(self, address):
        """The object to apply. An address that it asks for is replaced by `address`, because the
        guide's is of a network for documentation."""
        if not self.is_service:
            return self.content
        if "kind" in self.content:
            manifest = yaml.safe_load(yaml.safe_dump(self.content))
        else:
            manifest = {"apiVersion": "v1", "kind": "Service",
                        "metadata": {"annotations": dict(self.content)},
                        "spec": {"type": "LoadBalancer", "selector": {"app": "web"},
                                 "ports": self._ports()}}
        manifest["metadata"]["name"] = self.name
        if "loadBalancerIP" in manifest["spec"]:
            manifest["spec"]["loadBalancerIP"] = address
        annotations = manifest["metadata"].get("annotations", {})
        if "address" in self.config:
            annotations[ANNOTATION] = re.sub(r"(?m)^address: .*$", f"address: {address}",
                                             annotations[ANNOTATION])
        return manifest

    def _ports(self):
        """Those that its frontends map; else one that no other example has."""
        mapped = [entry["servicePort"] for entry in self.config.get("frontends", [])]
        return [{"name": f"port-{number}", "port": number}
                for number in mapped or [20000 + self.line]]


def examples():
    """All of the page, in its order."""
    found = []
    for block in re.finditer(r"(?ms)^```yaml\n(.*?)^```$", GUIDE):
        line = GUIDE.count("\n", 0, block.start()) + 1
        found.append(Example(line, yaml.safe_load(block.group(1))))
    return found


EXAMPLES = examples()
every_example = pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda example: f"line-{example.line}")


@pytest.fixture(scope="module")
def applied(sandbox, tmp_path_factory):
    """The world in which every example was applied, and what kubectl answered, by the name."""
    with webhook_world(sandbox, "guide-examples",
                       tmp_path_factory.mktemp("certificates")) as world:
        # The one that somebody made by hand.
        world.edgelb("POST", "/v2/pools", {"apiVersion": "V2", "name": "hand-made",
                                           "haproxy": {"frontends": [], "backends": []}})
        address = sandbox.block.at("64.62")  # the last public agent's
        answers = {each.name: world.kubectl("apply", "-f", "-", check=False,
                                            input=yaml.safe_dump(each.manifest(address)))
                   for each in EXAMPLES}
        try:
            yield world, answers
        finally:
            world.kubectl("delete", "services,pods", "--all", "--timeout=60s")
            world.edgelb("DELETE", "/v2/pools/hand-made")


@every_example
def test_it_is_accepted_without_a_warning(applied, example):
    answer = applied[1][example.name]
    assert answer.returncode == 0, answer.stderr
    assert "Warning" not in answer.stderr


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.is_service],
                         ids=lambda example: f"line-{example.line}")
def test_dklb_serves_it(applied, example):
    world = applied[0]
    if example.paused:
        found = world.wait_for_condition(example.name, "False")
        assert found["reason"] == "TranslationPaused"
        return
    world.wait_for_condition(example.name, "True")
    warnings = [event for event in world.events(example.name) if event[0] == "Warning"]
    assert warnings == []


def test_every_key_of_the_table_has_an_example():
    """A paragraph with an example for each key that the table of the configuration object lists."""
    section = GUIDE.split("## The configuration object")[1].split("\n### ")[0]
    keys = set(re.findall(r"(?m)^\| \[`([A-Za-z]+)", section))
    shown = {key for each in EXAMPLES for key in each.config}
    assert len(keys) >= 10 and keys <= shown, keys - shown
