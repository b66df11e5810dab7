"""Services as well-known charts write them (charts/), on a cluster with the webhook: what the
charts' users get through real HAProxy, or the words that tell them what to do.

No chart names dklb, but for GitLab's two Services that share a pool. dklb serves them because
they name no other class, as on a cluster without another load balancer.
"""

import http.client
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from webhook_world import webhook_world
from world import ANNOTATION

FOLDER = Path(__file__).resolve().parent / "charts"
CLASS = "kubernetes.dcos.io/edgelb"
HTTP3 = 'port "websecure-http3" (443/UDP)'


@dataclass(frozen=True)
class Served:
    """What the users of a Service get."""

    pods: str                # what the names of the pods behind it begin with
    ports: tuple             # those that answer, at one address
    status: str = "True"     # of dklb's condition
    message: tuple = ()      # texts in the condition's message


@dataclass(frozen=True)
class Chart:
    """A chart's Services, and what else their users see."""

    services: dict
    addresses: int = 1       # different ones of its Services
    warnings: tuple = ()     # texts of the warnings that kubectl apply prints; none without a text


CHARTS = {
    "ingress-nginx": Chart({
        "ingress-nginx-controller": Served("ingress-nginx-controller", (80, 443))}),
    "istio-gateway": Chart({
        "istio-ingressgateway": Served("istio-ingressgateway", (80, 443, 15021))}),
    "traefik": Chart(
        {"traefik": Served("", (), "False", (HTTP3, "only TCP", "to a Service of its own"))},
        addresses=0,
        warnings=("dklb does not serve this Service", HTTP3, "to a Service of its own")),
    "argo-cd": Chart({"argocd-server": Served("argocd-server", (80, 443))}),
    "gitlab": Chart({
        "gitlab-gitlab-shell": Served("gitlab-shell", (22,)),
        "gitlab-nginx-ingress-controller": Served("gitlab-nginx", (443,))}),
    "strimzi": Chart({
        "events-kafka-external-bootstrap": Served("events-kafka-", (9094,)),
        "events-kafka-external-0": Served("events-kafka-0", (9094,)),
        "events-kafka-external-1": Served("events-kafka-1", (9094,))}, addresses=3),
    "mqtt": Chart({"mqtt": Served("mqtt-", (1883, 8883))}),
    "game-server": Chart({"game-server": Served("game-server", tuple(range(27015, 27265)))}),
}
# What `services.otherProtocols: skip` makes of it.
TRAEFIK_WITH_SKIP = Chart(
    {"traefik": Served("traefik", (80, 443), "True", (HTTP3, "not served"))}, warnings=(HTTP3,))
TABLES = {"refuse": CHARTS, "skip": {"traefik": TRAEFIK_WITH_SKIP}}


def documents(chart):
    """The objects of a chart's manifest."""
    objects = list(yaml.safe_load_all((FOLDER / f"{chart}.yaml").read_text(encoding="utf-8")))
    if chart == "game-server":
        spec = objects[0]["spec"]
        first = spec["ports"][0]
        spec["ports"] = [{**first, "name": f"game-{number}", "port": first["port"] + number}
                         for number in range(250)]
    return objects


def services_of(chart):
    """The Services of a chart's manifest."""
    return [each for each in documents(chart) if each["kind"] == "Service"]


def pod_behind(address, port, source=""):
    """The name of the pod that answers a request, "" where none does. `source` is the client's
    address."""
    connection = http.client.HTTPConnection(address, port, timeout=5,
                                            source_address=(source, 0) if source else None)
    try:
        connection.request("GET", "/")
        text = connection.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
    found = re.search(r"^pod: [^/]+/(\S+)$", text, re.MULTILINE)
    return found.group(1) if found else ""


def pool_of(world, service):
    """The pool that dklb chose for a Service."""
    annotations = world.get("service", service)["metadata"]["annotations"]
    return yaml.safe_load(annotations[ANNOTATION])["name"]


class Cluster:
    """A namespace into which every chart of a table was installed, with `kubectl apply`."""

    def __init__(self, world, table):
        self.world = world
        self.table = table
        self.answers = {chart: self.apply(documents(chart)) for chart in table}

    def apply(self, objects, *flags):
        """kubectl apply; its result, whatever it is."""
        return self.world.kubectl("apply", *flags, "-f", "-", check=False,
                                  input=yaml.safe_dump_all(objects))

    def address(self, service):
        """The address that clients use, once there is one."""
        return self.world.wait_for_address(service)

    def check_installation(self, chart):
        """kubectl apply took the chart, and warned of nothing but what the table says."""
        answer, expected = self.answers[chart], self.table[chart]
        assert answer.returncode == 0, answer.stderr
        assert all(text in answer.stderr for text in expected.warnings), answer.stderr
        assert expected.warnings or "Warning" not in answer.stderr

    def check_service(self, name, expected):
        """A Service is as the table says; its address, None where it must have none."""
        found = self.world.wait_for_condition(name, expected.status, *expected.message)
        if expected.status == "False":
            assert found["reason"] == "TranslationError"
            assert self.world.addresses(name) == []
            return None
        address = self.address(name)
        for port in expected.ports:
            self.world.wait(lambda to=port: pod_behind(address, to).startswith(expected.pods),
                            f"{name} answers at {address}:{port}")
        return address

    def check_services(self, chart):
        """All Services of a chart are as the table says."""
        expected = self.table[chart]
        found = {self.check_service(*each) for each in expected.services.items()}
        assert len(found - {None}) == expected.addresses


@pytest.fixture(scope="module")
def cluster(sandbox, request, tmp_path_factory):
    """The charts of a table, installed; its parameter names the table and dklb's setting."""
    with webhook_world(sandbox, f"charts-{request.param}", tmp_path_factory.mktemp("certificates"),
                       pools={"backendMode": "nodes"},
                       services={"otherProtocols": request.param}) as world:
        yield Cluster(world, TABLES[request.param])


in_default = pytest.mark.parametrize("cluster", ["refuse"], indirect=True)
with_skip = pytest.mark.parametrize("cluster", ["skip"], indirect=True)
every_chart = pytest.mark.parametrize("chart", list(CHARTS))


@in_default
@every_chart
def test_it_installs_and_what_is_missing_is_a_warning(cluster, chart):
    cluster.check_installation(chart)


@in_default
@every_chart
def test_its_users_get_what_they_expect(cluster, chart):
    cluster.check_services(chart)


@in_default
def test_the_refusal_is_an_event_too(cluster):
    cluster.world.wait_for_event("traefik", "Warning", "TranslationError", HTTP3)


@in_default
@every_chart
def test_the_webhook_denies_only_a_service_that_names_dklb(cluster, chart):
    """Each chart as another release of it would be installed, and as one that is meant for dklb."""
    refused = bool(CHARTS[chart].warnings)
    for by in ({}, {"class": CLASS}, {"annotation": "size: 1\n"}):
        renamed = services_of(chart)
        for each in renamed:
            each["metadata"]["name"] += "-again"
            if "class" in by:
                each["spec"]["loadBalancerClass"] = by["class"]
            if "annotation" in by:
                each["metadata"]["annotations"] = {ANNOTATION: by["annotation"]}
        answer = cluster.apply(renamed, "--dry-run=server")
        denied = refused and bool(by)
        assert (answer.returncode != 0) == denied, (by, answer.stderr)
        if denied:
            assert HTTP3 in answer.stderr


@in_default
def test_nodes_without_a_controller_get_no_connection(cluster):
    """ingress-nginx asks for Local: its one pod is on one of the two nodes."""
    address = cluster.address("ingress-nginx-controller")

    def all_answer():
        return all(pod_behind(address, port) for port in (80, 443) for _ in range(10))
    cluster.world.wait(all_answer, "only the node with the pod is asked")
    assert all_answer()


@in_default
def test_a_kafka_client_reaches_the_broker_that_it_asks_for(cluster):
    for broker in ("0", "1"):
        address = cluster.address(f"events-kafka-external-{broker}")
        cluster.world.wait(lambda to=address: pod_behind(to, 9094), f"broker {broker} answers")
        assert {pod_behind(address, 9094) for _ in range(10)} == {f"events-kafka-{broker}"}


@in_default
def test_an_mqtt_client_stays_with_its_broker(cluster):
    world = cluster.world
    address = cluster.address("mqtt")
    clients = [world.sandbox.block.at(f"9.{number}") for number in range(1, 33)]

    def brokers(port):
        """Which pod each client reaches; None where one reaches several, or none is reached."""
        found = {client: {pod_behind(address, port, client) for _ in range(4)}
                 for client in clients}
        both = set().union(*found.values()) == {"mqtt-0", "mqtt-1"}
        return found if both and all(len(pods) == 1 for pods in found.values()) else None
    for port in (1883, 8883):
        settled = world.wait(lambda to=port: brokers(to), f"both brokers serve port {port}")
        assert brokers(port) == settled


@in_default
def test_each_of_250_ports_leads_to_its_own_node_port(cluster):
    world = cluster.world
    world.wait_for_condition("game-server", "True")
    ports = {each["port"]: each["nodePort"]
             for each in world.get("service", "game-server")["spec"]["ports"]}
    pool = world.pool(pool_of(world, "game-server"))["haproxy"]
    backends = {each["name"]: {entry["endpoint"]["port"] for entry in each["services"]}
                for each in pool["backends"]}
    assert {each["bindPort"]: backends[each["linkBackend"]["defaultBackend"]]
            for each in pool["frontends"]} == {port: {node} for port, node in ports.items()}


@in_default
def test_brokers_on_one_pool_are_told_who_has_the_port(cluster):
    """What an administrator sees who names one pool for all Services of a Kafka cluster."""
    world = cluster.world
    bootstrap, first, second = services_of("strimzi")
    configs = {"bootstrap": {"name": "charts-kafka"}, "first": {"name": "charts-kafka"},
               "second": {"name": "charts-kafka",
                          "frontends": [{"port": 9095, "servicePort": 9094}]}}
    for (name, config), each in zip(configs.items(), (bootstrap, first, second)):
        each["metadata"].update(name=f"shared-{name}", annotations={ANNOTATION: json.dumps(config)})
    assert cluster.apply([bootstrap]).returncode == 0
    address = world.wait_for_address("shared-bootstrap")
    answer = cluster.apply([first, second])
    assert answer.returncode == 0, answer.stderr
    found = world.wait_for_condition("shared-first", "False", "9094",
                                     f"{world.namespace}/shared-bootstrap", '"frontends"')
    assert found["reason"] == "PortConflict"
    # What the message says to do.
    assert world.wait_for_address("shared-second") == address
    world.wait(lambda: pod_behind(address, 9095) == "events-kafka-1", "the mapped port answers")


# Last, because it needs a dklb of its own.
@with_skip
def test_with_skip_the_tcp_ports_are_served_and_the_others_told_once(cluster):
    cluster.check_installation("traefik")
    cluster.check_services("traefik")
    notes = cluster.world.wait_for_event("traefik", "Warning", "TranslationWarning", HTTP3)
    assert len(notes) == 1
    frontends = cluster.world.frontends(pool_of(cluster.world, "traefik"))
    assert sorted(frontends.values()) == [80, 443]
