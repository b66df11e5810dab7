"""The watch for the long run: what the API server, its etcd and the network between may do."""

import base64
import contextlib
import json
import re
import signal
import urllib.request

import pytest
from tcp_proxy import TcpProxy

# An outage longer than the renew deadline ends a leader by design; here it is shorter.
PATIENT = {"leaseDuration": "90s", "renewDeadline": "60s"}


@pytest.fixture
def proxy(sandbox):
    """Between dklb and the API server; outlives the world, which cleans up through it."""
    plane = sandbox.control_plane
    made = TcpProxy(plane.host, 0, (plane.host, plane.port))
    yield made
    made.stop()


@pytest.fixture
def behind(proxy, world, quick):
    """dklb behind the proxy, with a Service that is served."""
    kubeconfig = world.sandbox.state / "kubeconfig-proxy"
    text = world.sandbox.kubeconfig.read_text(encoding="utf-8")
    plane = world.sandbox.control_plane
    kubeconfig.touch(mode=0o600)
    kubeconfig.write_text(text.replace(plane.server, f"https://{plane.host}:{proxy.port}"))
    world.start_dklb(concurrency=quick, leaderElection=PATIENT,
                     kubernetes={"kubeconfig": str(kubeconfig)})
    world.create_pod()
    world.create_service(config=f"name: {world.namespace}\n")
    world.wait_for_redis(world.wait_for_address(), 6379)
    return world


def more(world, name, port):
    """Another Service on the same pool."""
    world.create_service(name, config=f"name: {world.namespace}\n",
                         ports=[{"port": port, "targetPort": 6379, "protocol": "TCP"}])


def etcd(sandbox, path, document):
    """A request to etcd's JSON gateway."""
    plane = sandbox.control_plane
    request = urllib.request.Request(f"http://{plane.host}:{plane.etcd_port}{path}",
                                     data=json.dumps(document).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def compact(sandbox):
    """Forgets all of etcd's history."""
    key = base64.b64encode(b"/registry").decode()
    revision = etcd(sandbox, "/v3/kv/range", {"key": key})["header"]["revision"]
    etcd(sandbox, "/v3/kv/compaction", {"revision": revision, "physical": True})


@contextlib.contextmanager
def frozen(*processes):
    """They do not see what happens, only what is different after it, and so no back-off grows."""
    for process in processes:
        process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            process.signal(signal.SIGCONT)


def readiness(world):
    """/readyz?verbose."""
    return world.sandbox.get(f"{world.sandbox.introspection}/readyz?verbose")[1]


def age(world):
    """For how many seconds nothing was heard of the watch of Services."""
    return int(re.search(r"watch of services: last heard of (\d+)s ago", readiness(world)).group(1))


def server_minor(world):
    version = json.loads(world.kubectl("get", "--raw", "/version").stdout)
    return int(re.match(r"\d+", version["minor"])[0])


def test_the_list_is_a_stream_where_the_server_has_them(behind):
    """Servers before Kubernetes 1.32 refuse to stream a list; it comes in pages there."""
    lists = behind.service_lists()
    assert lists
    if server_minor(behind) >= 32:
        assert all("sendInitialEvents=true" in uri for uri in lists)
    else:
        assert "limit=" in lists[-1] and "sendInitialEvents" not in lists[-1], lists


def test_a_compaction_under_an_open_watch_disturbs_nothing(behind):
    lists = len(behind.service_lists())
    compact(behind.sandbox)
    more(behind, "new", 6380)
    behind.wait_for_redis(behind.wait_for_address("new"), 6380)
    assert len(behind.service_lists()) == lists


def test_a_watch_that_falls_silent_is_shown_as_stale(behind, proxy):
    """That its own deadline ends it is shown by ReflectorTest.ASilentStreamIsFoundOut: here it would
    take more than five minutes."""
    behind.patch("service", "redis", {"metadata": {"labels": {"heard": "yes"}}})
    behind.wait(lambda: age(behind) < 2, "the watch is heard of")
    proxy.silence()
    more(behind, "new", 6380)
    behind.wait(lambda: age(behind) >= 3, "the watch is shown as stale")
    assert behind.phase("new") == ""
    proxy.cut()
    behind.wait_for_redis(behind.wait_for_address("new"), 6380)
    behind.wait(lambda: age(behind) < 2, "the watch is heard of again")


def test_an_api_server_that_is_killed_may_come_back(behind):
    plane = behind.sandbox.control_plane
    address = behind.addresses()[-1]
    with behind.undisturbed(address, 6379):
        plane.apiserver.kill()
        behind.sandbox.dklb.wait_for(lambda: "[!] services: " in readiness(behind),
                                     "the trouble is shown")
        assert behind.sandbox.get(f"{behind.sandbox.introspection}/livez")[0] == 200
        with frozen(plane.controllers):
            plane.start_apiserver()
        more(behind, "new", 6380)
        behind.wait_for_redis(behind.wait_for_address("new"), 6380)
    behind.wait(lambda: "[!] services: " not in readiness(behind), "the trouble is over")


def test_changes_during_an_outage_are_found_after_a_compaction(behind, proxy):
    """The version that dklb watched from is gone for good: it must list again."""
    more(behind, "short-lived", 6380)
    behind.wait_for_redis(behind.wait_for_address("short-lived"), 6380)
    lists = len(behind.service_lists())
    plane = behind.sandbox.control_plane
    with frozen(behind.sandbox.dklb, plane.controllers):
        proxy.cut()
        behind.delete("service", "short-lived", wait=False)
        more(behind, "new", 6381)
        for number in range(5):
            behind.patch("service", "redis", {"metadata": {"labels": {"number": str(number)}}})
        compact(behind.sandbox)
        # The history that the API server itself keeps goes with it.
        plane.apiserver.kill()
        plane.start_apiserver()
    behind.wait_for_redis(behind.wait_for_address("new"), 6381)
    behind.wait(lambda: behind.get("service", "short-lived") is None, "the deleted one is released")
    assert len(behind.service_lists()) > lists
    assert 6380 not in behind.frontends(behind.namespace).values()
    behind.sandbox.dklb.check()
