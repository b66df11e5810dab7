"""The chart and the kustomize folders of deploy/, rendered."""

import subprocess

import yaml

from sandbox.cluster import KUBERNETES, ROOT

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "dklb"
NAMESPACE = "dklb-system"
PROFILES = ("single-replica", "two-replicas", "bare-metal")


def helm(*arguments, check=True):
    """Runs tools/helm; the result of subprocess, output as text."""
    return subprocess.run([ROOT / "build/helm/helm", *map(str, arguments)], capture_output=True,
                          text=True, check=check, timeout=60)


def objects(text):
    """The objects of a stream of YAML documents by kind, namespace and name."""
    found = {}
    for item in filter(None, yaml.safe_load_all(text)):
        key = (item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"])
        assert key not in found, f"{key} is there twice"
        found[key] = item
    return found


def template(*arguments, check=True, release="dklb", namespace=NAMESPACE):
    """Renders the chart; the result of subprocess."""
    return helm("template", "-n", namespace, *arguments, release, CHART, check=check)


def kustomize(folder):
    """Builds a folder: a path below deploy/, or any absolute one."""
    return subprocess.run([KUBERNETES / "kubectl", "kustomize", DEPLOY / folder],
                          capture_output=True, text=True, check=True, timeout=60).stdout
