"""Services in front of pods with the image echo-proxy, and their clients."""

import contextlib
import socket
import time
import typing

PORT = 7000
CLIENTS = [f"127.9.{number % 5}.{number}" for number in range(1, 31)]
NODES = ["kube-node-1", "kube-node-2"]


class Echo(typing.NamedTuple):
    """An answer of a pod with the image echo-proxy."""

    client: str  # the address that the pod has been told, or sees
    version: str  # of the PROXY protocol, "none" without
    pod: str
    node: str
    line: str


class EchoClient:
    """A connection to a pod with the image echo-proxy, from an address of this machine."""

    def __init__(self, address, port, source=None):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(10)
        self.answers = self.socket.makefile("r", encoding="utf-8")
        if source:
            self.socket.bind((source, 0))
        self.open = self.socket.connect_ex((address, port)) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the connection."""
        self.answers.close()
        self.socket.close()

    def say(self, text="hello"):
        """The pod's answer to a line, None where the connection has ended."""
        try:
            self.socket.sendall(f"{text}\n".encode())
            answer = self.answers.readline().split(" ", 4)
        except OSError:
            return None
        return Echo(*answer) if len(answer) == 5 else None

    def wait_for_end(self, timeout):
        """The seconds until the connection ends; fails where it does not."""
        begin = time.monotonic()
        self.socket.settimeout(timeout)
        with contextlib.suppress(ConnectionError):
            assert self.answers.readline() == ""
        return time.monotonic() - begin


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


def nodes_of_clients(world, address):
    """Which node's pod answers each client; "" where none does."""
    answers = [world.echo(address, PORT, source) for source in CLIENTS]
    return [answer.node if answer else "" for answer in answers]


def wait_for_nodes(world, address, *nodes):
    """Waits until exactly these nodes' pods answer the clients."""
    world.wait(lambda: set(nodes_of_clients(world, address)) == set(nodes), f"{nodes} serve")


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
