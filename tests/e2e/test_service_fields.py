"""What the fields of a Service and the keys of its configuration object do to its traffic: with
connections through real HAProxy, from several addresses of this machine."""

import json
import socket
import time

import pytest

from sandbox.cluster.addresses import IPV6_ADDRESS
from world import EchoClient

PORT = 7000
CLIENTS = [f"127.9.{number % 5}.{number}" for number in range(1, 31)]
NODES = ["kube-node-1", "kube-node-2"]


@pytest.fixture
def on_nodes(world, quick):
    """dklb runs, and its servers are the nodes themselves."""
    world.start_dklb(concurrency=quick, pools={"backendMode": "nodes"})
    return world


def echo_pods(world, *nodes):
    """A pod of the image echo-proxy on each of these nodes."""
    for node in nodes:
        world.create_pod(f"echo-{node}", image="echo-proxy", port=8080, app="echo", node=node)


def serve(world, name="echo", config=None, port=PORT, **spec):
    """A Service for the pods; returns its last address, where it is served."""
    ports = spec.pop("ports", [{"port": port, "protocol": "TCP", "targetPort": 8080}])
    world.create_service(name, config=config or f"name: {pool_of(world)}\n", app="echo",
                         ports=ports, **spec)
    return world.wait_for_address(name)


def pool_of(world):
    """The name of the pool of serve()."""
    return world.namespace[:40].strip("-")


def free_port(address):
    """A port that is free now on an address that other sandboxes use, too."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


# Source ranges

def test_only_clients_of_the_source_ranges_are_served(on_nodes):
    echo_pods(on_nodes, NODES[0])
    address = serve(on_nodes, loadBalancerSourceRanges=[" 127.9.1.0/24 ", "10.0.0.0/8"])
    on_nodes.wait_for_echo(address, PORT, "127.9.1.1")
    assert on_nodes.echo(address, PORT, "127.9.2.1") is None
    with EchoClient(address, PORT, "127.9.1.1") as lasting:
        assert lasting.say()
        on_nodes.patch("service", "echo",
                       {"spec": {"loadBalancerSourceRanges": ["127.9.1.1/32", "127.9.3.0/24"]}})
        on_nodes.wait_for_echo(address, PORT, "127.9.3.1")
        assert on_nodes.echo(address, PORT, "127.9.1.2") is None
        assert lasting.say(), "who stays allowed is not cut"
        on_nodes.patch("service", "echo", {"spec": {"loadBalancerSourceRanges": None}})
        on_nodes.wait_for_echo(address, PORT, "127.9.2.1")
        assert lasting.say()


def test_the_old_annotation_of_the_source_ranges_counts(on_nodes):
    echo_pods(on_nodes, NODES[0])
    address = serve(on_nodes)
    on_nodes.wait_for_echo(address, PORT, "127.9.2.1")
    on_nodes.patch("service", "echo", {"metadata": {"annotations": {
        "service.beta.kubernetes.io/load-balancer-source-ranges": "127.9.1.0/24, 10.0.0.0/8"}}})
    on_nodes.wait(lambda: on_nodes.echo(address, PORT, "127.9.2.1") is None, "the stranger is out")
    assert on_nodes.echo(address, PORT, "127.9.1.1")


def test_a_thousand_source_ranges_are_enforced(on_nodes):
    echo_pods(on_nodes, NODES[0])
    ranges = [f"10.{number // 250}.{number % 250}.0/24" for number in range(999)]
    address = serve(on_nodes, loadBalancerSourceRanges=[*ranges, "127.9.1.0/24"])
    on_nodes.wait_for_echo(address, PORT, "127.9.1.1")
    assert on_nodes.echo(address, PORT, "127.9.2.1") is None


# Affinity and Local

def nodes_of_clients(world, address):
    """Which node's pod answers each client; "" where none does."""
    answers = [world.echo(address, PORT, source) for source in CLIENTS]
    return [answer.node if answer else "" for answer in answers]


def wait_for_nodes(world, address, *nodes):
    """Waits until exactly these nodes' pods answer the clients."""
    world.wait(lambda: set(nodes_of_clients(world, address)) == set(nodes), f"{nodes} serve")


def test_one_client_has_one_server_over_reloads_and_instances(on_nodes):
    echo_pods(on_nodes, *NODES)
    config = f"name: {pool_of(on_nodes)}\nsize: 2\n"
    serve(on_nodes, config=config, sessionAffinity="ClientIP", externalTrafficPolicy="Local")
    addresses = on_nodes.wait(
        lambda: len(on_nodes.addresses("echo")) == 4 and on_nodes.addresses("echo"),
        "private and public addresses of two instances")
    for address in addresses:
        wait_for_nodes(on_nodes, address, *NODES)
    seen = nodes_of_clients(on_nodes, addresses[0])
    for address in addresses[1:]:
        assert nodes_of_clients(on_nodes, address) == seen
    on_nodes.set_config("echo", config + "maxConnections: 500\n")
    on_nodes.wait(lambda: "maxconn 500" in lbconfig(on_nodes), "the change is live")
    for address in addresses:
        assert nodes_of_clients(on_nodes, address) == seen, "after a reload"


def client_of(address, node):
    """A connection to the pod on this node."""
    for source in CLIENTS * 5:
        client = EchoClient(address, PORT, source)
        if client.say().node == node:
            return client
        client.close()
    raise AssertionError(f"no connection reaches {node}")


def lbconfig(world):
    """HAProxy's configuration of the pool."""
    return world.sandbox.get(f"{world.sandbox.edgelb_url}/v2/pools/{pool_of(world)}/lbconfig")[1]


def test_local_traffic_goes_to_nodes_with_a_pod_alone(on_nodes):
    echo_pods(on_nodes, NODES[0])
    address = serve(on_nodes, externalTrafficPolicy="Local")
    port = on_nodes.get("service", "echo")["spec"]["healthCheckNodePort"]
    for node, status, count in ((0, 200, 1), (1, 503, 0)):
        found = on_nodes.sandbox.get(
            f"http://{on_nodes.sandbox.block.nodes[node]}:{port}/healthz")
        assert found[0] == status
        assert json.loads(found[1])["localEndpoints"] == count
    wait_for_nodes(on_nodes, address, NODES[0])
    echo_pods(on_nodes, NODES[1])
    wait_for_nodes(on_nodes, address, *NODES)


def test_a_node_whose_pod_ends_gets_no_new_connection_and_keeps_the_open_ones(on_nodes):
    echo_pods(on_nodes, *NODES)
    address = serve(on_nodes, externalTrafficPolicy="Local")
    wait_for_nodes(on_nodes, address, *NODES)
    with client_of(address, NODES[1]) as lasting:
        on_nodes.kubectl("delete", "pod", f"echo-{NODES[1]}", "--wait=false", "--grace-period=25")
        wait_for_nodes(on_nodes, address, NODES[0])
        assert lasting.say().node == NODES[1], "the open one goes on"
    on_nodes.wait(lambda: on_nodes.get("pod", f"echo-{NODES[1]}") is None, "the pod has ended")


# Keys of the configuration object

@pytest.mark.parametrize("version", ["v1", "v2"])
def test_pods_learn_the_clients_address(on_nodes, version):
    echo_pods(on_nodes, *NODES)
    address = serve(on_nodes, config=f"name: {pool_of(on_nodes)}\nproxyProtocol: {version}\n")
    on_nodes.wait_for_echo(address, PORT)
    for source in CLIENTS[:5]:
        told = on_nodes.echo(address, PORT, source)
        assert (told.client, told.version) == (source, version)
    on_nodes.set_config("echo", f"name: {pool_of(on_nodes)}\n")
    on_nodes.wait(lambda: getattr(on_nodes.echo(address, PORT), "version", "") == "none",
                  "it is off again")


def test_the_rule_of_balance_is_haproxys(on_nodes):
    echo_pods(on_nodes, *NODES)
    name = f"name: {pool_of(on_nodes)}\n"
    address = serve(on_nodes, config=name + "balance: roundrobin\n", externalTrafficPolicy="Local")
    wait_for_nodes(on_nodes, address, *NODES)
    turns = [on_nodes.echo(address, PORT, CLIENTS[0]).node for _ in range(6)]
    assert turns[0] != turns[1] and turns[:2] * 3 == turns
    on_nodes.set_config("echo", name + "balance: source\n")
    on_nodes.wait(lambda: "balance source" in lbconfig(on_nodes), "the change is live")
    assert len({on_nodes.echo(address, PORT, CLIENTS[0]).node for _ in range(6)}) == 1


def test_health_checks_over_http_and_none_at_all(on_nodes):
    on_nodes.create_pod()
    name = f"name: {pool_of(on_nodes)}\n"
    check = "healthCheck: {type: http, path: /ready, interval: 500ms, rise: 1, fall: 1}\n"
    on_nodes.create_service(config=name + check)
    address = on_nodes.wait_for_address()
    # Redis does not speak HTTP, so each server is found to be down.
    on_nodes.wait(lambda: on_nodes.redis(address, 6379, "PING") == "", "no server is left")
    on_nodes.set_config("redis", name + "healthCheck: {type: none}\n")
    on_nodes.wait_for_redis(address, 6379)
    assert " check" not in lbconfig(on_nodes).split("backend", 1)[1].split("server ", 1)[1]


def test_an_idle_connection_ends_after_its_timeout(on_nodes):
    echo_pods(on_nodes, NODES[0])
    address = serve(on_nodes, config=f"name: {pool_of(on_nodes)}\n"
                                     "timeouts: {connect: 2s, client: 1s, server: 1m}\n")
    on_nodes.wait_for_echo(address, PORT)
    with EchoClient(address, PORT) as idle:
        assert idle.say()
        assert 0.5 < idle.wait_for_end(timeout=8) < 5


def test_connections_beyond_the_limit_wait(on_nodes):
    echo_pods(on_nodes, NODES[0])
    address = serve(on_nodes, config=f"name: {pool_of(on_nodes)}\nmaxConnections: 1\n")
    on_nodes.wait_for_echo(address, PORT)
    with EchoClient(address, PORT) as second:
        with EchoClient(address, PORT) as first:
            second.socket.settimeout(0.5)
            heard = [bool(each.say()) for each in (first, second)]
            assert heard.count(True) == 1, "one of two is served"
        # The end of the one lets the other in.
    on_nodes.wait_for_echo(address, PORT)


def test_connections_of_a_node_that_leaves_have_their_time(on_nodes):
    echo_pods(on_nodes, *NODES)
    address = serve(on_nodes, config=f"name: {pool_of(on_nodes)}\ndrain: 2s\n",
                    externalTrafficPolicy="Local")
    wait_for_nodes(on_nodes, address, *NODES)
    leaving, staying = client_of(address, NODES[1]), client_of(address, NODES[0])
    label = "node.kubernetes.io/exclude-from-external-load-balancers"
    on_nodes.sandbox.kubectl("label", "node", NODES[1], f"{label}=")
    try:
        on_nodes.wait(lambda: on_nodes.sandbox.block.nodes[1] not in lbconfig(on_nodes),
                      "the node has left")
        begin = time.monotonic()
        assert leaving.say()
        leaving.wait_for_end(timeout=8)
        assert 1 < time.monotonic() - begin < 5
        assert staying.say()
        leaving.close()
        staying.close()
    finally:
        on_nodes.sandbox.kubectl("label", "node", NODES[1], f"{label}-")


# Families and addresses

def test_a_service_of_ipv6_is_served_over_ipv6(on_nodes):
    echo_pods(on_nodes, NODES[0])
    port = free_port(IPV6_ADDRESS)
    address = serve(on_nodes, port=port, ipFamilyPolicy="SingleStack", ipFamilies=["IPv6"])
    assert on_nodes.addresses("echo") == [address] == [IPV6_ADDRESS]
    assert on_nodes.wait_for_echo(IPV6_ADDRESS, port, IPV6_ADDRESS)


def test_a_service_of_both_families_is_served_over_both(on_nodes):
    echo_pods(on_nodes, *NODES)
    port = free_port(IPV6_ADDRESS)
    serve(on_nodes, port=port, ipFamilyPolicy="RequireDualStack", ipFamilies=["IPv4", "IPv6"])
    addresses = on_nodes.addresses("echo")
    assert IPV6_ADDRESS in addresses
    assert any(":" not in each for each in addresses)
    for address in addresses:
        assert on_nodes.wait_for_echo(address, port)


@pytest.mark.parametrize("way", ["field", "key"])
def test_a_service_gets_the_address_that_it_asks_for(on_nodes, way):
    echo_pods(on_nodes, NODES[0])
    wanted = on_nodes.sandbox.block.at("64.58")
    config = f"name: {pool_of(on_nodes)}\n"
    if way == "field":
        serve(on_nodes, config=config, loadBalancerIP=wanted)
    else:
        serve(on_nodes, config=config + f"address: {wanted}\n")
    assert on_nodes.addresses("echo") == [wanted]
    on_nodes.wait_for_echo(wanted, PORT)
    assert on_nodes.echo(on_nodes.sandbox.block.at("64.26"), PORT) is None, "that one alone"


def test_an_address_that_no_machine_has_is_refused_with_the_free_ones(on_nodes):
    echo_pods(on_nodes, NODES[0])
    on_nodes.create_service("echo", config=f"name: {pool_of(on_nodes)}\n", app="echo", port=PORT,
                            loadBalancerIP="192.0.2.77")
    on_nodes.wait_for_condition("echo", "False", "no machine of role", "192.0.2.77", "free are: ",
                                on_nodes.sandbox.block.at("64.58"))


# Other fields

def test_udp_beside_tcp_is_left_out_where_the_administrator_says_so(world, quick):
    world.start_dklb(concurrency=quick, services={"otherProtocols": "skip"})
    echo_pods(world, NODES[0])
    address = serve(world, ports=[
        {"name": "tcp", "port": PORT, "protocol": "TCP", "targetPort": 8080},
        {"name": "udp", "port": PORT, "protocol": "UDP", "targetPort": 8080}])
    assert world.wait_for_echo(address, PORT)
    world.wait_for_condition("echo", "True", "UDP")


def test_the_status_says_that_addresses_are_a_proxys(on_nodes):
    echo_pods(on_nodes, NODES[0])
    serve(on_nodes)
    ingress = on_nodes.get("service", "echo")["status"]["loadBalancer"]["ingress"]
    assert {each["ipMode"] for each in ingress} == {"Proxy"}


@pytest.mark.parametrize("which, part", [("public", "64.48"), ("private", "64.16")])
def test_only_the_addresses_that_are_to_be_published_are(on_nodes, which, part):
    echo_pods(on_nodes, NODES[0])
    serve(on_nodes, config=f"name: {pool_of(on_nodes)}\npublish: {which}\n")
    first = int(part.split(".")[1])
    block = [on_nodes.sandbox.block.at(f"64.{place}") for place in range(first, first + 15)]
    addresses = on_nodes.addresses("echo")
    assert len(addresses) == 1 and addresses[0] in block
    on_nodes.wait_for_echo(addresses[0], PORT)


def test_a_node_with_the_label_leaves_and_the_last_one_stays(on_nodes):
    echo_pods(on_nodes, *NODES)
    address = serve(on_nodes)
    on_nodes.wait_for_echo(address, PORT)
    label = "node.kubernetes.io/exclude-from-external-load-balancers"
    first, second = on_nodes.sandbox.block.nodes
    try:
        on_nodes.sandbox.kubectl("label", "node", NODES[0], f"{label}=false")
        on_nodes.wait(lambda: first not in lbconfig(on_nodes), "the labelled node has left")
        on_nodes.wait_for_echo(address, PORT)
        on_nodes.sandbox.kubectl("label", "node", NODES[1], f"{label}=")
        on_nodes.wait(lambda: second in lbconfig(on_nodes) or first in lbconfig(on_nodes),
                      "one stays")
        assert on_nodes.echo(address, PORT)
    finally:
        on_nodes.sandbox.kubectl("label", "nodes", *NODES, f"{label}-")
