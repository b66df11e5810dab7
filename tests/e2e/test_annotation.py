"""A user's manifest, applied again and again: its text stays, and the pool that dklb chose too."""

import json

import pytest
import yaml
from test_webhook import Webhook
from world import ANNOTATION, POOL

TEXT = "# one of them\nsize:   1\n"


class Manifest:
    """The file that a user applies, and what dklb makes of it."""

    def __init__(self, world, webhook=None):
        self.world = world
        self.webhook = webhook

    def restart(self):
        """dklb ends and starts again with the same settings."""
        assert self.world.stop_dklb() == 0
        self.start()

    def start(self):
        """dklb, and the webhook where it is there."""
        if self.webhook:
            self.webhook.start()
        else:
            self.world.start_dklb(concurrency=self.world.quick)

    @staticmethod
    def text(config=TEXT, name="redis"):
        """The manifest."""
        annotations = {} if config is None else {ANNOTATION: config}
        return json.dumps({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "annotations": annotations},
            "spec": {"type": "LoadBalancer", "selector": {"app": "redis"},
                     "ports": [{"port": 6379, "protocol": "TCP"}]}})

    def apply(self, *flags, config=TEXT, name="redis"):
        """kubectl apply; what it says. Fails where kubectl does."""
        return self.world.kubectl("apply", *flags, "-f", "-", input=self.text(config, name)).stdout

    def diff(self, *flags, config=TEXT):
        """What kubectl diff shows; fails where it fails."""
        result = self.world.kubectl("diff", *flags, "-f", "-", check=False,
                                    input=self.text(config))
        assert result.returncode in (0, 1), result.stderr
        return result.stdout

    def annotations(self, name="redis"):
        """The annotations of the Service."""
        return self.world.get("service", name)["metadata"].get("annotations", {})

    def settled(self, name="redis"):
        """Waits until the Service is served; the name of its pool."""
        self.world.wait_for_condition(name, "True")
        pool = self.annotations(name)[POOL]
        assert pool.startswith("dev--kubernetes01--")
        return pool

    def owners(self, name="redis"):
        """Who owns dklb's own annotation, by the API server's books."""
        got = self.world.kubectl("get", "service", name, "-o", "json", "--show-managed-fields")
        fields = json.loads(got.stdout)["metadata"]["managedFields"]
        return {entry["manager"] for entry in fields if f"f:{POOL}" in json.dumps(entry["fieldsV1"])}

    def restored(self, name="redis"):
        """The events that tell of something put back."""
        return [note for _, reason, note in self.world.events(name)
                if reason == "ConfigurationRestored"]


@pytest.fixture(params=["controller", "webhook"])
def manifest(request, world, tmp_path, quick):
    """dklb without its webhook, and with it."""
    world.quick = quick
    made = Manifest(world)
    if request.param == "webhook":
        made.webhook = Webhook(world, tmp_path, quick)
    try:
        made.start()
        yield made
    finally:
        if made.webhook:
            made.webhook.remove()


def test_server_side_apply_has_no_conflict_and_takes_nothing_away(manifest):
    manifest.apply("--server-side")
    pool = manifest.settled()
    version = manifest.world.get("service", "redis")["metadata"]["resourceVersion"]
    for _ in range(2):
        manifest.apply("--server-side")
        assert manifest.annotations() == {ANNOTATION: TEXT, POOL: pool}
    assert "kubectl" not in manifest.owners()
    assert manifest.diff("--server-side") == ""
    assert manifest.world.get("service", "redis")["metadata"]["resourceVersion"] == version
    manifest.apply("--server-side", config="cpus: 0.3\n")
    assert manifest.annotations() == {ANNOTATION: "cpus: 0.3\n", POOL: pool}
    manifest.world.wait(lambda: manifest.world.pool(pool)["cpus"] == 0.3, "the change is followed")
    assert manifest.restored() == []


def test_client_side_apply_says_unchanged_and_diff_is_empty(manifest):
    assert manifest.apply() == "service/redis created\n"
    pool = manifest.settled()
    for _ in range(5):
        assert manifest.apply() == "service/redis unchanged\n"
        assert manifest.diff() == ""
    annotations = manifest.annotations()
    assert (annotations[ANNOTATION], annotations[POOL]) == (TEXT, pool)
    assert manifest.restored() == []


def test_a_service_without_annotation_is_filled_once_and_applied_without_end(manifest):
    for flags in ((), ("--server-side",)):
        name = f"redis{len(flags)}"
        manifest.apply(*flags, config=None, name=name)
        filled = manifest.world.wait(lambda: manifest.annotations(name).get(ANNOTATION),
                                     f"the annotation of {name} is filled")
        pool = yaml.safe_load(filled)["name"]
        for _ in range(2):
            manifest.apply(*flags, config=None, name=name)
            assert manifest.annotations(name)[ANNOTATION] == filled
        manifest.world.wait(lambda: manifest.world.pool(pool), f"{pool} is written")
        assert manifest.restored(name) == []


def test_a_text_that_is_put_back_again_and_again_settles(manifest):
    """As a tool does that keeps manifests in place; here over what an earlier version completed."""
    world = manifest.world
    world.create_service(config="name: dev--kubernetes01--old00\nrole: slave_public\n"
                         "network: \"\"\nsize: 1\ncpus: 0.1\nmemory: 128\n"
                         "strategies:\n  creation: IfNotPresent\n")
    world.wait_for_condition("redis", "True")
    assert POOL not in manifest.annotations()
    world.set_config("redis", TEXT)
    world.wait(lambda: manifest.annotations().get(POOL) == "dev--kubernetes01--old00",
               "the pool is named beside the text")
    version = world.get("service", "redis")["metadata"]["resourceVersion"]
    for _ in range(3):
        world.set_config("redis", TEXT)
    manifest.restart()
    world.wait_for_phase("redis", "Provisioned")
    service = world.get("service", "redis")
    assert service["metadata"]["annotations"][ANNOTATION] == TEXT
    assert service["metadata"]["resourceVersion"] == version
    assert manifest.restored() == []


def test_the_name_of_the_pool_is_put_back(manifest):
    world = manifest.world
    manifest.apply()
    pool = manifest.settled()
    edits = (f"{POOL}-", f"{POOL}=other", f"{POOL}=No Pool")

    def edit(change):
        world.kubectl("annotate", "--overwrite", "service", "redis", change)
    for change in edits:
        edit(change)
        world.wait(lambda: manifest.annotations().get(POOL) == pool, f"{change} is put right")
    for change in edits:
        assert world.stop_dklb() == 0
        edit(change)
        manifest.start()
        world.wait(lambda: manifest.annotations().get(POOL) == pool,
                   f"{change} is put right after a restart")
    assert manifest.annotations()[ANNOTATION] == TEXT
    assert sorted(world.frontends(pool).values()) == [6379]
    assert world.pool("other") is None
