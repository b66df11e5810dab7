"""A configuration file that changes while dklb runs: SIGHUP, and the volume of a ConfigMap."""

import json
import os
import shutil
import signal

import pytest


class Volume:
    """A configuration file as the kubelet projects a ConfigMap: a link to a link that is swapped."""

    def __init__(self, folder, settings):
        self.folder = folder
        self.version = 0
        self.settings = settings
        self.put()
        (folder / "dklb.yaml").symlink_to("..data/dklb.yaml")

    @property
    def file(self):
        """What --config names."""
        return self.folder / "dklb.yaml"

    def put(self, **changes):
        """Writes the next version beside the present one, swaps the link, removes the old one."""
        for section, values in changes.items():
            self.settings.setdefault(section, {}).update(values)
        self.put_text(json.dumps(self.settings, indent=2))  # JSON is YAML

    def put_text(self, text):
        """The same with any text."""
        self.version += 1
        fresh = self.folder / f"..{self.version}"
        fresh.mkdir()
        (fresh / "dklb.yaml").write_text(text, encoding="utf-8")
        link = self.folder / "..data_tmp"
        link.symlink_to(fresh.name)
        os.replace(link, self.folder / "..data")
        shutil.rmtree(self.folder / f"..{self.version - 1}", ignore_errors=True)


class Dklb:
    """dklb as a pod of the test's namespace would run it."""

    def __init__(self, world, quick, folder):
        self.world = world
        process = world.sandbox.make_dklb("dklb", world.sandbox.introspection, concurrency=quick)
        settings = json.loads((world.sandbox.state / "dklb.yaml").read_text(encoding="utf-8"))
        self.volume = Volume(folder, settings)
        process.command = [word if not word.startswith("--config=")
                           else f"--config={self.volume.file}" for word in process.command]
        process.environment.update(POD_NAME="dklb-0", POD_NAMESPACE=world.namespace, POD_UID="u-1")
        self.said_before = process.log.stat().st_size if process.log.exists() else 0
        self.process = world.sandbox.dklb = process.start()
        process.wait_for(
            lambda: world.sandbox.get(f"{world.sandbox.introspection}/readyz")[0] == 200, "ready")

    def config(self):
        """What /config shows."""
        return self.world.introspect("/config")[1]

    def in_flight(self):
        """The value in force of one live key."""
        return self.config()["config"]["concurrency"]["edgelbInFlight"]

    def log(self):
        """What this one has logged."""
        return self.process.log.read_bytes()[self.said_before:].decode()


@pytest.fixture
def dklb(world, quick, tmp_path):
    """dklb over a volume of a ConfigMap."""
    return Dklb(world, quick, tmp_path)


def test_a_swapped_volume_is_applied_without_a_restart(world, dklb):
    world.create_pod()
    world.create_service(config="name: live\n")
    world.wait_for_phase("redis", "Provisioned")
    process = dklb.process.child.pid
    for value in (4, 9, 2):
        dklb.volume.put(concurrency={"edgelbInFlight": value})
        world.wait(lambda value=value: dklb.in_flight() == value, "the changed value is in force")
    dklb.volume.put(http={"allowedHosts": ["dklb.example.com"]})
    world.wait(lambda: dklb.config()["needRestart"], "the key that needs a restart is named")
    assert dklb.config()["needRestart"][0]["key"] == "http.allowedHosts"
    assert dklb.process.child.pid == process
    world.create_service("second", config="name: live\n", port=6380)
    world.wait_for_phase("second", "Provisioned")


def test_a_bad_file_is_an_event_of_the_pod_and_changes_nothing(world, dklb):
    dklb.volume.put(concurrency={"edgelbInFlight": 4})
    world.wait(lambda: dklb.in_flight() == 4, "the changed value is in force")
    dklb.volume.put_text("clusterName: dev/kubernetes01\nconcurrency:\n  edgelbInFlight: many\n")
    world.wait(lambda: dklb.config()["rejected"], "the mistakes are shown")
    place = f"{dklb.volume.file}:3: concurrency.edgelbInFlight"
    assert dklb.config()["rejected"]["mistakes"][0].startswith(place)
    assert place in dklb.log()
    assert dklb.in_flight() == 4
    world.wait(lambda: "ConfigRejected" in world.kubectl(
        "get", "events", "--field-selector=involvedObject.kind=Pod,involvedObject.name=dklb-0"
    ).stdout, "kubectl shows the event")
    _, metrics = world.sandbox.get(f"{world.sandbox.introspection}/metrics")
    assert 'dklb_config_reloads_total{result="rejected"} 1' in metrics
    dklb.volume.put(concurrency={"edgelbInFlight": 5})
    world.wait(lambda: dklb.in_flight() == 5, "the mended file is in force")
    assert dklb.config()["rejected"] is None


def test_sighup_has_the_file_read_again(world, dklb):
    dklb.process.signal(signal.SIGHUP)
    world.wait(lambda: "was read again: nothing has changed" in dklb.log(), "the log says so")
    assert dklb.process.running
    world.create_pod()
    world.create_service(config="name: after-hangup\n")
    world.wait_for_phase("redis", "Provisioned")


def test_the_log_changes_its_format_and_level(world, dklb):
    dklb.volume.put(log={"format": "json", "level": "info"})
    world.wait(lambda: "log.format is now json" in dklb.log(), "the change is logged")
    world.create_pod()
    world.create_service(config="name: logged\n")
    world.wait_for_phase("redis", "Provisioned")
    lines = [json.loads(line) for line in dklb.log().splitlines() if line.startswith("{")]
    assert any(line.get("service") == f"{world.namespace}/redis"
               and line.get("reason") == "EnsuredLoadBalancer" and line.get("pool") == "logged"
               for line in lines), lines
