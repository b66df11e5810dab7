"""What the fields of a Service and the keys of its configuration object do to its traffic: with
connections through real HAProxy, from several addresses of this machine."""

import json
import time

import pytest

from echo import (
    CLIENTS, NODES, PORT, EchoClient, client_of, echo_pods, lbconfig, nodes_of_clients, pool_of,
    serve, wait_for_nodes,
)


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
