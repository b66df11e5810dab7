"""The families and addresses of a Service, and what its status says of them, with connections
through real HAProxy."""

import json
import socket

import pytest

from echo import NODES, PORT, echo_pods, lbconfig, pool_of, serve
from sandbox.cluster.addresses import IPV6_ADDRESS


def free_port(address):
    """A port that is free now on an address that other sandboxes use, too."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


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
                                on_nodes.sandbox.block.at("64.49"))


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


LABEL = "node.kubernetes.io/exclude-from-external-load-balancers"
TAINT = "ToBeDeletedByClusterAutoscaler"


@pytest.mark.parametrize("verb, on_first, on_second, off", [
    ("label", f"{LABEL}=false", f"{LABEL}=", f"{LABEL}-"),
    ("taint", f"{TAINT}=1:NoSchedule", f"{TAINT}=2:NoSchedule", f"{TAINT}-")], ids=["label", "taint"])
def test_a_marked_node_leaves_and_the_last_one_stays(on_nodes, verb, on_first, on_second, off):
    echo_pods(on_nodes, *NODES)
    address = serve(on_nodes)
    on_nodes.wait_for_echo(address, PORT)
    first, second = on_nodes.sandbox.block.nodes
    try:
        on_nodes.sandbox.kubectl(verb, "node", NODES[0], on_first)
        on_nodes.wait(lambda: first not in lbconfig(on_nodes), "the marked node has left")
        on_nodes.wait_for_echo(address, PORT)
        on_nodes.sandbox.kubectl(verb, "node", NODES[1], on_second)
        on_nodes.wait(lambda: second in lbconfig(on_nodes) or first in lbconfig(on_nodes),
                      "one stays")
        assert on_nodes.echo(address, PORT)
    finally:
        on_nodes.sandbox.kubectl(verb, "nodes", *NODES, off)


def test_a_node_that_turns_not_ready_stays_and_serves(on_nodes):
    """Health checks decide, not conditions (KEP-3458)."""
    echo_pods(on_nodes, *NODES)
    address = serve(on_nodes)
    on_nodes.wait_for_echo(address, PORT)

    def set_ready(status):
        for node in NODES:
            on_nodes.sandbox.kubectl("patch", "node", node, "--subresource=status", "-p", json.dumps(
                {"status": {"conditions": [{"type": "Ready", "status": status}]}}))

    try:
        set_ready("False")
        assert {condition["status"] for node in NODES
                for condition in on_nodes.get("node", node)["status"]["conditions"]
                if condition["type"] == "Ready"} == {"False"}
        # A later write of the pool is made of the nodes as they are now.
        serve(on_nodes, "later", port=PORT + 1)
        on_nodes.wait_for_echo(address, PORT + 1)
        assert on_nodes.echo(address, PORT)
        assert all(node in lbconfig(on_nodes) for node in on_nodes.sandbox.block.nodes)
    finally:
        set_ready("True")
