"""`make install`, and the kubectl plugin as krew gets it."""

import hashlib
import os
import re
import subprocess
import tarfile

import pytest
import yaml
from rendering import ROOT

from sandbox.cluster import KUBERNETES

URL = "https://downloads.example.com/dklb/v1"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of programs below a DESTDIR."""
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["make", "install", f"DESTDIR={root}", "PREFIX=/opt/dklb"], cwd=ROOT,
                   check=True, capture_output=True, text=True, timeout=600)
    return root / "opt/dklb/bin"


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The folder that tools/krew wrote."""
    folder = tmp_path_factory.mktemp("krew")
    subprocess.run([ROOT / "tools/krew", URL, "--out", folder], check=True, capture_output=True,
                   timeout=60)
    return folder


def platform_of(folder):
    document = yaml.safe_load((folder / "dklb.yaml").read_text(encoding="utf-8"))
    platform, = document["spec"]["platforms"]
    return document, platform


def test_install_puts_every_program_of_a_user_there(installed):
    assert {path.name for path in installed.iterdir()} \
        == {"dklb", "edgelb-local", "kubectl-dklb", "kubectl_complete-dklb"}
    for path in installed.iterdir():
        assert path.stat().st_mode & 0o777 == 0o755, path
    for name in ("dklb", "edgelb-local", "kubectl-dklb"):
        result = subprocess.run([installed / name, "--version"], capture_output=True, text=True,
                                check=True, timeout=60)
        assert re.search(r"\d+\.\d+\.\d+", result.stdout), name


def in_path(installed):
    return {**os.environ, "PATH": f"{installed}:{KUBERNETES}:{os.environ['PATH']}"}


def test_kubectl_finds_the_plugin_and_its_completion(installed):
    shown = subprocess.run(["kubectl", "dklb", "explain", "--help"], env=in_path(installed),
                           capture_output=True, text=True, check=True, timeout=60).stdout
    assert "kubectl dklb explain shop/web" in shown and "Exit status" in shown
    offered = subprocess.run(["kubectl", "__complete", "dklb", "ex"], env=in_path(installed),
                             capture_output=True, text=True, check=True, timeout=60).stdout
    assert offered.startswith("explain\t") and offered.rstrip().endswith(":4"), offered


def test_plugin_is_small_and_without_the_actors(installed):
    libraries = subprocess.run(["ldd", installed / "kubectl-dklb"], capture_output=True, text=True,
                               check=True, timeout=60).stdout
    assert "libcaf" not in libraries and "libprometheus" not in libraries
    assert (installed / "kubectl-dklb").stat().st_size < (installed / "dklb").stat().st_size


def test_manifest_has_what_krew_asks_for(packed):
    document, platform = platform_of(packed)
    assert document["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2"
    assert document["kind"] == "Plugin" and document["metadata"] == {"name": "dklb"}
    spec = document["spec"]
    assert re.fullmatch(r"v\d+\.\d+\.\d+", spec["version"])
    assert spec["homepage"].startswith("https://")
    assert 0 < len(spec["shortDescription"]) <= 50 and "\n" not in spec["shortDescription"]
    assert spec["description"] and "libcurl4" in spec["caveats"]
    assert platform["selector"]["matchLabels"]["os"] == "linux"
    assert platform["selector"]["matchLabels"]["arch"] in ("amd64", "arm64")
    assert platform["bin"] in {entry["from"] for entry in platform["files"]}
    assert {entry["to"] for entry in platform["files"]} == {"."}


def test_archive_is_the_one_of_the_manifest_and_holds_the_plugin(packed, tmp_path):
    _, platform = platform_of(packed)
    folder, name = platform["uri"].rsplit("/", 1)
    assert folder == URL
    content = (packed / name).read_bytes()
    assert platform["sha256"] == hashlib.sha256(content).hexdigest()
    with tarfile.open(packed / name) as tar:
        assert sorted(tar.getnames()) == sorted(entry["from"] for entry in platform["files"])
        tar.extractall(tmp_path)
    assert "Apache License" in (tmp_path / "LICENSE").read_text(encoding="utf-8")
    result = subprocess.run([tmp_path / platform["bin"], "--version"], capture_output=True,
                            text=True, check=True, timeout=60)
    version = yaml.safe_load((packed / "dklb.yaml").read_text())["spec"]["version"]
    assert result.stdout.strip().endswith(version.removeprefix("v"))


def test_same_program_gives_the_same_archive(packed, tmp_path):
    subprocess.run([ROOT / "tools/krew", URL, "--out", tmp_path], check=True, capture_output=True,
                   timeout=60)
    for path in packed.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_url_without_tls_is_refused(tmp_path):
    result = subprocess.run([ROOT / "tools/krew", "http://example.com", "--out", tmp_path],
                            capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode != 0 and "https://" in result.stderr
    assert not any(tmp_path.iterdir())
