"""The kustomize output and the chart's are the same objects, and both are up to date."""

import subprocess

import pytest
import yaml
from rendering import DEPLOY, PROFILES, ROOT, kustomize, objects, template

# Lists that Kubernetes merges by a key: their order has no meaning.
KEYED = {"containers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath"}

# Component, and profile of the chart -> the objects that it adds.
COMPONENTS = {
    "service-monitor": {("ServiceMonitor", "dklb")},
    "prometheus-rule": {("PrometheusRule", "dklb")},
    "dashboards": {("ConfigMap", "dklb-dashboard-control-plane"),
                   ("ConfigMap", "dklb-dashboard-traffic")},
}


def canonical(value, field=""):
    """The value with keyed lists in the order of their keys and the configuration file parsed."""
    if isinstance(value, dict):
        return {key: yaml.safe_load(entry) if key == "dklb.yaml" else canonical(entry, key)
                for key, entry in value.items()}
    if isinstance(value, list):
        entries = [canonical(entry) for entry in value]
        if field in KEYED:
            return sorted(entries, key=lambda entry: entry[KEYED[field]])
        if field == "ports" and all("containerPort" in entry for entry in entries):
            return sorted(entries, key=lambda entry: entry["containerPort"])
        return entries
    return value


def by_key(text):
    return {key: canonical(item) for key, item in objects(text).items()}


def test_generated_files_are_what_the_chart_gives():
    result = subprocess.run([ROOT / "tools/manifests", "--check"], capture_output=True, text=True,
                            check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("profile", PROFILES)
def test_overlay_and_chart_give_the_same_objects(profile):
    from_kustomize = by_key(kustomize(f"overlays/{profile}"))
    from_helm = by_key(template("-f", DEPLOY / "profiles" / f"{profile}.yaml").stdout)
    # Helm makes the release's namespace itself (--create-namespace).
    namespace = from_kustomize.pop(("Namespace", "", "dklb-system"))
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert from_kustomize == from_helm


def with_component(folder, name):
    """The objects of an overlay with a component, built in `folder`."""
    # Paths of a kustomization are relative.
    up = "../" * (len(folder.parts) - 1)
    (folder / "kustomization.yaml").write_text(yaml.dump({
        "resources": [f"{up}{DEPLOY}/overlays/two-replicas".replace("//", "/")],
        "components": [f"{up}{DEPLOY}/components/{name}".replace("//", "/")]}))
    return by_key(kustomize(folder))


@pytest.mark.parametrize("name, added", COMPONENTS.items(), ids=COMPONENTS)
def test_a_component_adds_to_any_overlay_what_the_chart_adds(tmp_path, name, added):
    plain = by_key(kustomize("overlays/two-replicas"))
    more = with_component(tmp_path, name)
    from_helm = by_key(template("-f", DEPLOY / "profiles" / f"{name}.yaml").stdout)
    keys = {(kind, "dklb-system", each) for kind, each in added}
    assert more == plain | {key: from_helm[key] for key in keys}
    assert from_helm.keys() - by_key(template().stdout).keys() == keys


def test_service_monitor_finds_the_service_and_its_port(tmp_path):
    found = with_component(tmp_path, "service-monitor")
    monitor = found["ServiceMonitor", "dklb-system", "dklb"]["spec"]
    service = found["Service", "dklb-system", "dklb"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    ports = {port["name"] for port in service["spec"]["ports"]}
    assert {end["port"] for end in monitor["endpoints"]} <= ports


@pytest.mark.parametrize("profile", PROFILES)
def test_every_object_carries_the_recommended_labels(profile):
    for key, item in objects(kustomize(f"overlays/{profile}")).items():
        labels = item["metadata"].get("labels", {})
        for name in ("name", "instance", "part-of"):
            assert labels.get(f"app.kubernetes.io/{name}"), f"{key} lacks {name}"


@pytest.mark.parametrize("profile", PROFILES)
def test_selectors_match_the_pods_they_mean(profile):
    found = objects(kustomize(f"overlays/{profile}"))
    pods = [item["spec"]["template"]["metadata"]["labels"]
            for (kind, _, _), item in found.items() if kind == "Deployment"]
    for (kind, _, name), item in found.items():
        selector = {"Service": lambda spec: spec["selector"],
                    "Deployment": lambda spec: spec["selector"]["matchLabels"],
                    "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
                    "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
                    }.get(kind)
        if selector:
            wanted = selector(item["spec"]).items()
            assert sum(wanted <= labels.items() for labels in pods) == 1, f"{kind} {name}"


def test_single_replica_can_be_drained_and_two_are_never_both_evicted():
    for profile in PROFILES:
        found = objects(kustomize(f"overlays/{profile}"))
        budget = found["PodDisruptionBudget", "dklb-system", "dklb"]["spec"]
        assert budget["maxUnavailable"] == 1 and "minAvailable" not in budget
        rollout = found["Deployment", "dklb-system", "dklb"]["spec"]["strategy"]["rollingUpdate"]
        assert rollout["maxUnavailable"] == 0


def test_containers_have_a_memory_limit_and_no_cpu_limit():
    for profile in PROFILES:
        for (kind, _, name), item in objects(kustomize(f"overlays/{profile}")).items():
            if kind == "Deployment":
                for container in item["spec"]["template"]["spec"]["containers"]:
                    limits = container["resources"]["limits"]
                    assert "memory" in limits and "cpu" not in limits, name
