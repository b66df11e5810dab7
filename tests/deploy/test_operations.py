"""docs/operations.md, followed: its commands are run as they stand there."""

import functools
import json
import re

import pytest
import yaml
from installing import uninstall
from operations_guide import OPERATIONS, commands, run
from rendering import CHART, ROOT

@pytest.fixture
def shell(cluster, tmp_path):
    """Runs a block of commands in the project's folder; placeholders are replaced."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")

    yield functools.partial(run, cluster, tmp_path)
    uninstall(cluster)


def service(cluster, name, finalizers):
    """A Service of type LoadBalancer in `default`."""
    cluster.kubectl("create", "-f", "-", input=json.dumps({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "default", "finalizers": finalizers},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}))


def finalizers_of(cluster, name):
    return cluster.kubectl_json("get", "service", name)["metadata"].get("finalizers", [])


def test_install_and_removal(shell, cluster):
    build, name, install = commands("Install")
    assert build.startswith("docker build")
    shell(name)
    shell(install)
    assert cluster.kubectl_json("get", "configmap", "mke-cluster-info", "-n", "dklb-system")[
        "data"] == {"CLUSTER_NAME": "dev/kubernetes01"}
    cluster.kubectl("get", "deployment", "dklb", "-n", "dklb-system")
    shell(commands("Remove dklb without orphans")[-1])
    for kind in ("clusterrole", "clusterrolebinding"):
        assert cluster.kubectl("get", kind, "dklb", check=False).returncode != 0


def test_bare_metal(shell, cluster):
    block, = commands("On bare metal")
    shell(block)
    tokens = {cluster.kubectl_json("get", "secret", "edgelb-token", "-n", namespace)["data"]["token"]
              for namespace in ("dklb-system", "edgelb-local")}
    assert len(tokens) == 1
    agents = cluster.kubectl_json("get", "configmap", "edgelb-local-agents", "-n", "edgelb-local")
    assert [agent["private"] for agent in json.loads(agents["data"]["agents.json"])] \
        == ["192.0.2.10"]


def test_forced_release_takes_off_only_dklbs_finalizer(shell, cluster):
    release = commands("A Service is stuck")[-1]
    ours, other = "kubernetes.dcos.io/dklb", "example.com/other"
    service(cluster, "stuck", [ours, other])
    shell(release, namespace="default", name="stuck")
    assert finalizers_of(cluster, "stuck") == [other]
    refused = shell(release, check=False, namespace="default", name="stuck")
    assert refused.returncode != 0
    assert finalizers_of(cluster, "stuck") == [other]
    cluster.kubectl("patch", "service", "stuck", "--type=merge", "-p",
                    '{"metadata": {"finalizers": null}}')
    cluster.kubectl("delete", "service", "stuck")


def test_a_service_is_handed_over_to_another_class(shell, cluster):
    hand_over, = commands("Change the class")
    ours, other = "kubernetes.dcos.io/dklb", "example.com/other"
    service(cluster, "moved", [ours, other])
    shell(hand_over, namespace="default", name="moved")
    assert finalizers_of(cluster, "moved") == [ours + ".example.com_internal", other]
    assert shell(hand_over, check=False, namespace="default", name="moved").returncode != 0
    cluster.kubectl("patch", "service", "moved", "--type=merge", "-p",
                    '{"metadata": {"finalizers": null}}')
    cluster.kubectl("delete", "service", "moved")


def test_services_that_dklb_holds_are_found_and_released(shell, cluster):
    find, release, _ = commands("Remove dklb without orphans")
    service(cluster, "held", ["kubernetes.dcos.io/dklb"])
    service(cluster, "free", [])
    found = shell(find).stdout.splitlines()
    assert [line.split()[:2] for line in found] == [["default", "held"]]
    shell(release, namespace="default", name="held")
    assert cluster.kubectl_json("get", "service", "held")["spec"]["type"] == "ClusterIP"
    cluster.kubectl("patch", "service", "held", "--type=merge", "-p",
                    '{"metadata": {"finalizers": null}}')
    cluster.kubectl("delete", "service", "held", "free")


def test_services_whose_pool_stands_beside_their_text_are_found_before_going_back(shell, cluster):
    service(cluster, "chosen", [])
    service(cluster, "named", [])
    cluster.kubectl("annotate", "service", "chosen", "kubernetes.dcos.io/dklb-pool=dev--abcde")
    assert shell(commands("Roll back")[-1]).stdout == "default/chosen dev--abcde\n"
    cluster.kubectl("delete", "service", "chosen", "named")


def keys_of_the_configuration():
    """The dotted keys of the whole file that docs/configuration.md shows, sections included."""
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    found = set()

    def walk(mapping, prefix):
        for key, value in mapping.items():
            found.add(prefix + key)
            if isinstance(value, dict):
                walk(value, f"{prefix}{key}.")

    walk(yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.S).group(1)), "")
    return found


def known_value(path):
    """Whether a dotted path is a value of the chart."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    for part in path.split("."):
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


@pytest.mark.parametrize("page", ["operations", "alerts", "moving", "security", "sizing"])
def test_every_key_that_a_page_names_exists(page):
    keys = keys_of_the_configuration()
    sections = {key for key in keys if "." not in key}
    text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
    named = {match for match in re.findall(r"`([a-zA-Z]+(?:\.[a-zA-Z]+)+)(?:[:= ][^`]*)?`", text)
             if match.split(".")[0] in sections}
    assert named
    unknown = {key for key in named if key not in keys and not known_value(key)}
    assert not unknown


def test_every_key_of_the_table_for_the_original_exists():
    section = OPERATIONS[OPERATIONS.index("| the original's flag"):]
    keys = keys_of_the_configuration()
    rows = re.findall(r"^\| (`--.*?) \| (.*) \|$", section, re.M)
    flags = {flag for left, _ in rows for flag in re.findall(r"--[a-z-]+", left)}
    assert len(flags) == 18
    for left, right in rows:
        named = [key for key in re.findall(r"`([a-zA-Z.]+)`", right) if "." in key or key in keys]
        assert "not needed" in right or "gone" in right or set(named) & keys, left


@pytest.mark.parametrize("page", ["docs/operations.md", "docs/alerts.md", "docs/security.md",
                                  "docs/sizing.md", "deploy/README.md",
                                  "docs/decisions/one-source-of-manifests.md"])
def test_paths_that_a_page_names_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for path in set(re.findall(r"`((?:deploy|tests|tools|docs)/[\w./-]*)`", text)):
        assert (ROOT / path).exists(), path
