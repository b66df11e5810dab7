"""What the images carry is enough to run, and no more; nothing in them can be written."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from image_root import assemble, remove, run
from rendering import CHART, DEPLOY, PROFILES, ROOT, kustomize, objects, template

IMAGES = ("dklb", "edgelb-local")


@pytest.fixture(scope="session", name="roots")
def assembled(tmp_path_factory):
    """Both images' root folders."""
    folder = tmp_path_factory.mktemp("images")
    made = {image: assemble(image, folder / image) for image in IMAGES}
    yield made
    for root in made.values():
        remove(root)


def entries(root):
    """Every entry of a root folder with its status, links not followed."""
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = Path(folder) / name
            yield path, path.lstat()


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_can_be_written_or_raises_privileges(roots, image):
    for path, status in entries(roots[image]):
        mode = status.st_mode
        assert stat.S_ISLNK(mode) or stat.S_ISDIR(mode) or stat.S_ISREG(mode), path
        if stat.S_ISLNK(mode):
            continue
        assert not mode & 0o222, f"{path} can be written"
        assert not mode & (stat.S_ISUID | stat.S_ISGID), f"{path} is setuid or setgid"
        assert "security.capability" not in os.listxattr(path), f"{path} has capabilities"


@pytest.mark.parametrize("image, programs", [
    ("dklb", {"/usr/bin/dklb"}),
    ("edgelb-local", {"/usr/bin/edgelb-local", "/usr/sbin/haproxy"}),
])
def test_only_the_programs_can_be_executed(roots, image, programs):
    executable = {f"/{path.relative_to(roots[image])}" for path, status in entries(roots[image])
                  if stat.S_ISREG(status.st_mode) and status.st_mode & 0o111}
    linker = {path for path in executable if re.search(r"/ld-linux[^/]*$", path)}
    assert len(linker) == 1
    assert executable - linker == programs


@pytest.mark.parametrize("image", IMAGES)
def test_links_stay_inside(roots, image):
    for path, status in entries(roots[image]):
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(path)
            assert not target.startswith("/") and (path.parent / target).exists(), path


@pytest.mark.parametrize("image", IMAGES)
def test_contents_name_every_file_and_the_package_of_every_library(roots, image):
    listed = {}
    for line in Path(f"{roots[image]}.contents").read_text(encoding="utf-8").splitlines():
        mode, path, *package = line.split(" ")
        listed[path] = package
        assert len(mode) == 10
    assert set(listed) == {f"/{path.relative_to(roots[image])}" for path, _ in entries(roots[image])}
    for path, package in listed.items():
        if ".so" in path:
            assert package, f"{path} has no package"
            name = package[0].split(":")[0]
            assert f"/var/lib/dpkg/status.d/{name}" in listed
            assert f"/usr/share/doc/{name}/copyright" in listed


@pytest.mark.parametrize("image, program, output", [
    ("dklb", "/usr/bin/dklb", r"^(dklb )?\d+\.\d+\.\d+\n$"),
    ("edgelb-local", "/usr/bin/edgelb-local", r"^(edgelb-local )?\d+\.\d+\.\d+\n$"),
    ("edgelb-local", "/usr/sbin/haproxy", None),
])
def test_programs_run_as_the_image_user_on_a_read_only_root(roots, image, program, output):
    result = run(roots[image], program, "-v" if program.endswith("haproxy") else "--version")
    assert result.returncode == 0, result.stderr
    assert re.search(output or r"^HAProxy version 2\.", result.stdout), result.stdout


def check_config(root, folder, text):
    """`dklb check-config` in the image, with the environment of the Deployment."""
    (folder / "dklb.yaml").write_text(text, encoding="utf-8")
    folder.chmod(0o755)
    return run(root, "/usr/bin/dklb", "check-config", "/etc/dklb/dklb.yaml",
               mounts={"/etc/dklb": folder}, environment={"CLUSTER_NAME": "dev/kubernetes01"})


def configuration(text):
    """The configuration file in rendered manifests."""
    return objects(text)["ConfigMap", "dklb-system", "dklb"]["data"]["dklb.yaml"]


@pytest.mark.parametrize("profile", PROFILES)
def test_configuration_of_the_overlay_passes_check_config(roots, profile, tmp_path):
    result = check_config(roots["dklb"], tmp_path, configuration(kustomize(f"overlays/{profile}")))
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_key_of_the_charts_schema_is_one_of_the_configuration_file(roots, tmp_path):
    values = yaml.safe_load((Path(__file__).parent / "every-value.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())["definitions"]["config"]
    assert keys_of_schema(schema) == keys_of(values["config"])
    rendered = template("-f", Path(__file__).parent / "every-value.yaml").stdout
    result = check_config(roots["dklb"], tmp_path, configuration(rendered))
    assert result.returncode == 0, result.stdout + result.stderr


def keys_of_schema(schema):
    """The dotted paths of the leaves of an object's schema."""
    return keys_of({name: keyed(entry) for name, entry in schema["properties"].items()})


def keyed(schema):
    """A schema as a mapping of its properties; a leaf is None."""
    return {name: keyed(entry) for name, entry in schema["properties"].items()} \
        if "properties" in schema else None


def keys_of(mapping, prefix=""):
    """The dotted paths of the leaves of nested mappings."""
    found = set()
    for name, value in mapping.items():
        found |= keys_of(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


def test_check_config_in_the_image_refuses_what_the_schema_refuses(roots, tmp_path):
    text = configuration(kustomize("overlays/single-replica")) + "\npools: {backendMode: node}\n"
    result = check_config(roots["dklb"], tmp_path, text)
    assert result.returncode == 2
    assert "backendMode" in result.stdout + result.stderr


def test_dockerfile_uses_the_assembled_roots_and_the_user_of_the_manifests():
    text = (DEPLOY / "image/Dockerfile").read_text(encoding="utf-8")
    for image in IMAGES:
        assert f"deploy/image/assemble {image} /image/{image}" in text
        assert f"COPY --from=build /image/{image} /" in text
    assert text.count("FROM scratch AS ") == len(IMAGES)
    pod = objects(kustomize("base"))["Deployment", "dklb-system", "dklb"]["spec"]["template"]["spec"]
    context = pod["securityContext"]
    assert text.count(f"USER {context['runAsUser']}:{context['runAsGroup']}\n") == len(IMAGES)
    for source in re.findall(r"^COPY (\S+) \S+$", text, re.M):
        assert (ROOT / source).exists()
    entry = set(re.findall(r'^ENTRYPOINT \["(\S+)"\]$', text, re.M))
    assert entry == {f"/usr/bin/{image}" for image in IMAGES}


def test_assemble_refuses_a_program_that_is_not_built(tmp_path):
    script = tmp_path / "deploy/image/assemble"
    script.parent.mkdir(parents=True)
    script.write_bytes((DEPLOY / "image/assemble").read_bytes())
    script.chmod(0o755)
    result = subprocess.run([script, "dklb", tmp_path / "root"], capture_output=True, text=True,
                            check=False)
    assert result.returncode == 1 and "make build" in result.stderr
