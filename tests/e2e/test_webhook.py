"""The admission webhook, called by the real API server: what `kubectl apply` answers."""

import base64
import json
from pathlib import Path

import pytest
import yaml
from certificates import SecretVolume
from world import ANNOTATION, POOL

CONFIGURATIONS = ("mutatingwebhookconfiguration", "validatingwebhookconfiguration")


class Webhook:
    """dklb outside of the cluster, with its webhook registered by URL."""

    def __init__(self, world, folder, quick):
        host, port = world.sandbox.block.host, world.sandbox.block.port(8443)
        self.world = world
        self.volume = SecretVolume(folder, host)
        self.options = {"concurrency": quick, "webhook": {
            "enabled": True, "listen": f"{host}:{port}", "register": True,
            "certFile": self.volume.path("tls.crt"), "keyFile": self.volume.path("tls.key"),
            "caFile": self.volume.path("ca.crt"), "url": f"https://{host}:{port}"}}

    def start(self):
        """Returns when the API server asks it."""
        self.world.start_dklb(**self.options)
        self.world.wait(self.answers, "the API server asks the webhook")

    def answers(self):
        """Whether a wrong Service would be refused."""
        return "size request" in self.apply("probe", "size: 0", dry_run=True).stderr

    def manifest(self, name, config, **spec):
        """A Service of type LoadBalancer as a user writes it."""
        annotations = {} if config is None else {ANNOTATION: config}
        return json.dumps({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "annotations": annotations},
            "spec": {"type": "LoadBalancer", "selector": {"app": "redis"},
                     "ports": [{"port": 6379, "protocol": "TCP"}], **spec}})

    def apply(self, name, config, dry_run=False, **spec):
        """kubectl apply; its result, whatever it is."""
        flags = ["--dry-run=server"] if dry_run else []
        return self.world.kubectl("apply", *flags, "-o", "json", "-f", "-", check=False,
                                  input=self.manifest(name, config, **spec))

    def hook(self, kind):
        """The webhook of a registered configuration, None where there is none."""
        found = self.world.sandbox.kubectl("get", kind, "dklb", "-o", "json", "--ignore-not-found")
        return json.loads(found.stdout)["webhooks"][0] if found.stdout.strip() else None

    def remove(self):
        """Takes the registration away, so that other tests are not asked about."""
        self.world.stop_dklb()
        for kind in CONFIGURATIONS:
            self.world.sandbox.kubectl("delete", kind, "dklb", "--ignore-not-found")


@pytest.fixture
def webhook(world, tmp_path, quick):
    """The webhook, registered and asked."""
    made = Webhook(world, tmp_path, quick)
    try:
        made.start()
        yield made
    finally:
        made.remove()


def config_of(text):
    """The configuration object in an object's JSON."""
    return yaml.safe_load(json.loads(text)["metadata"]["annotations"][ANNOTATION])


WRONG = [
    ("size: 0", {}, "0 is not a valid size request"),
    ("nam: redis", {}, "nam"),
    ("name: -redis", {}, '"-redis" is not a valid edgelb pool name'),
    ("cpus: -1", {}, "-1.000000 is not a valid cpu request"),
    ("network: dcos", {}, "cannot join a virtual network when the pool's role is"),
    ("strategies: {creation: Always}", {}, "as an edgelb pool creation strategy"),
    ("size: 2", {"ports": [{"name": "dns", "port": 53, "protocol": "UDP"}]}, "only TCP is supported"),
    ("size: 2", {"allocateLoadBalancerNodePorts": False}, "has no nodePort"),
]


def test_wrong_services_are_refused_at_apply_with_the_message(webhook):
    for config, spec, message in WRONG:
        result = webhook.apply("wrong", config, **spec)
        assert result.returncode != 0, (config, spec)
        assert message in result.stderr
        assert "validate.dklb.kubernetes.dcos.io" in result.stderr
    assert webhook.world.get("service", "wrong") is None


@pytest.mark.parametrize("name, spec, message", [
    ("udp", {"ports": [{"name": "dns", "port": 53, "protocol": "UDP"}]}, "only TCP is supported"),
    ("no-node-port", {"allocateLoadBalancerNodePorts": False}, "has no nodePort"),
])
def test_service_that_names_no_dklb_is_taken_with_a_warning(webhook, name, spec, message):
    """A chart that never heard of dklb must install."""
    result = webhook.apply(name, None, **spec)
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith("Warning:") and message in result.stderr


def test_services_of_others_are_not_judged(webhook):
    assert webhook.apply("plain", "size: 0", type="ClusterIP").returncode == 0
    assert webhook.apply("foreign", "size: 0", loadBalancerClass="example.com/lb").returncode == 0


def test_defaults_are_on_the_object_right_after_create(webhook):
    world = webhook.world
    world.create_pod()
    created = config_of(webhook.apply("redis", None).stdout)
    assert created["name"].startswith("dev--kubernetes01--")
    assert created["role"] == "slave_public" and created["size"] == 1
    world.wait_for_redis(world.wait_for_address(), 6379)
    assert world.pool(created["name"]) is not None
    assert config_of(json.dumps(world.get("service", "redis"))) == created
    assert world.get("service", "redis")["metadata"]["finalizers"] == ["kubernetes.dcos.io/dklb"]
    # Left to the controller is the status.
    writes = [line for line in world.kubernetes_writes()
              if f"/namespaces/{world.namespace}/services/redis" in line]
    assert writes and all("/status" in line for line in writes), writes


def test_generated_name_is_there_at_once_and_survives_another_apply(webhook):
    def annotations(result):
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)["metadata"]["annotations"]
    first = annotations(webhook.apply("redis", "size: 1\n"))
    assert first[POOL].startswith("dev--kubernetes01--")
    assert first[ANNOTATION] == "size: 1\n"
    second = annotations(webhook.apply("redis", "size: 2\n"))
    assert (second[POOL], second[ANNOTATION]) == (first[POOL], "size: 2\n")


def test_dry_run_is_judged_and_changes_nothing(webhook):
    before = webhook.world.edgelb_writes()
    good = webhook.apply("redis", None, dry_run=True)
    assert config_of(good.stdout)["name"].startswith("dev--kubernetes01--")
    assert webhook.apply("redis", "cpus: -1", dry_run=True).returncode != 0
    assert webhook.world.get("service", "redis") is None
    assert webhook.world.edgelb_writes() == before


def test_what_cannot_change_is_refused_at_the_change(webhook):
    world = webhook.world
    cloud = "name: cloud--a\ncloudProviderConfiguration: '{\"aws\": {}}'\n"
    assert webhook.apply("redis", "name: kept\nrole: slave_public\n").returncode == 0
    for config, message in (("name: other\nrole: slave_public\n", "the name of the target"),
                            ("name: kept\nrole: '*'\n", "the role of the target")):
        result = webhook.apply("redis", config)
        assert result.returncode != 0 and message in result.stderr
    removed = world.kubectl("annotate", "service", "redis", f"{ANNOTATION}-", check=False)
    assert removed.returncode != 0 and "cannot be removed" in removed.stderr
    assert webhook.apply("clouded", cloud).returncode == 0
    result = webhook.apply("clouded", "name: cloud--a\n")
    assert result.returncode != 0
    assert "the cloud-provider configuration cannot be removed" in result.stderr
    assert webhook.apply("redis", "name: kept\nrole: slave_public\nsize: 2\n").returncode == 0


def test_away_it_blocks_nothing_and_the_controller_applies_the_same_rules(webhook):
    world = webhook.world
    world.stop_dklb()
    assert webhook.apply("wrong", "name: wrong\nsize: 0\n").returncode == 0
    assert webhook.apply("redis", None).returncode == 0
    assert ANNOTATION not in world.get("service", "redis")["metadata"]["annotations"]
    webhook.start()
    world.wait_for_condition("wrong", "False", "0 is not a valid size request")
    world.wait(lambda: ANNOTATION in world.get("service", "redis")["metadata"]["annotations"],
               "the controller writes the defaults")
    # What is wrong may still be labelled and deleted, and corrected.
    world.kubectl("label", "service", "wrong", "checked=yes")
    result = webhook.apply("wrong", "name: wrong\ncpus: -1\n")
    assert result.returncode != 0 and "cpu request" in result.stderr
    assert webhook.apply("wrong", "name: wrong\nsize: 1\n").returncode == 0
    world.delete("service", "wrong")


def test_registration_is_repaired_and_not_written_without_need(webhook):
    world = webhook.world
    kubectl = world.sandbox.kubectl
    for kind in CONFIGURATIONS:
        hook = webhook.hook(kind)
        assert hook["failurePolicy"] == "Ignore" and hook["timeoutSeconds"] == 5
        assert hook["sideEffects"] == "None" and hook["matchPolicy"] == "Equivalent"
    changed, deleted = CONFIGURATIONS
    kubectl("patch", changed, "dklb", "--type=json", "-p", json.dumps(
        [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"}]))
    kubectl("delete", deleted, "dklb")
    world.wait(lambda: webhook.hook(deleted) is not None
               and webhook.hook(changed)["failurePolicy"] == "Ignore", "the repair")
    world.wait(webhook.answers, "the API server asks again")

    def writes():
        return [line for line in world.kubernetes_writes() if "webhookconfigurations" in line]
    before = writes()
    asked = world.introspect("/actors?kind=webhook_registrar")[1][0]["processed"]
    world.wait(lambda: world.introspect("/actors?kind=webhook_registrar")[1][0]["processed"]
               >= asked + 4, "two more comparisons")
    assert writes() == before


def test_renewed_certificate_and_authority_are_followed(webhook):
    world = webhook.world
    webhook.volume.renew()
    expected = base64.b64encode(Path(webhook.volume.path("ca.crt")).read_bytes()).decode()
    world.wait(lambda: all(webhook.hook(kind)["clientConfig"]["caBundle"] == expected
                           for kind in CONFIGURATIONS), "the new authority is registered")
    world.wait(webhook.answers, "the API server asks over the new certificate")
