"""`dklb explain` and `kubectl dklb`, under a URL and through the real API server's pod proxy.

The API server refuses to connect to loopback addresses of pods, which are all that a sandbox has. So
it has an egress selector here, as clusters have whose control plane reaches pods through a tunnel: the
leader's Pod has an address of its own, and the proxy at the other end leads to dklb.
"""

import json
import re
import socket
import subprocess

import pytest
import yaml
from connect_proxy import ConnectProxy

from sandbox.cluster import ROOT, Sandbox

NAMESPACE = "dklb-system"
POD = socket.gethostname()  # what dklb puts into its Lease
POD_ADDRESS = "10.244.7.9"
EGRESS = {"apiVersion": "apiserver.k8s.io/v1beta1", "kind": "EgressSelectorConfiguration"}


@pytest.fixture(scope="module")
def tunnel(tmp_path_factory):
    """The proxy between the API server and pods."""
    made = ConnectProxy(tmp_path_factory.mktemp("t") / "pods", {})
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox(tunnel, tmp_path_factory):
    """A cluster of its own, whose API server reaches pods through the tunnel."""
    config = tmp_path_factory.mktemp("egress") / "egress.yaml"
    config.write_text(yaml.safe_dump({**EGRESS, "egressSelections": [{
        "name": "cluster", "connection": {
            "proxyProtocol": "HTTPConnect",
            "transport": {"uds": {"udsName": tunnel.listener.getsockname()}}}}]}))
    with Sandbox.in_free_folder(ROOT / "build/test/sandbox-explain") as cluster:
        cluster.start_control_plane(more_flags=[f"--egress-selector-config-file={config}"])
        cluster.start_nodes()
        cluster.start_edgelb()
        cluster.kubectl("create", "namespace", NAMESPACE)
        address, port = cluster.introspection.removeprefix("http://").split(":")
        tunnel.routes[f"{POD_ADDRESS}:8080"] = (address, int(port))
        yield cluster


@pytest.fixture(scope="module")
def leader(sandbox):
    """The Pod that the Lease leads to; dklb itself runs beside the cluster."""
    sandbox.kubectl("create", "-f", "-", input=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": POD, "namespace": NAMESPACE},
        "spec": {"nodeName": "elsewhere", "automountServiceAccountToken": False,
                 "containers": [{"name": "dklb", "image": "dklb"}]}}))
    set_address(sandbox, POD_ADDRESS)


def set_address(sandbox, address):
    """Says where the leader's Pod can be reached."""
    sandbox.kubectl("-n", NAMESPACE, "patch", "pod", POD, "--subresource=status", "--type=merge",
                    "-p", json.dumps({"status": {"phase": "Running", "podIP": address,
                                                 "podIPs": [{"ip": address}]}}))


@pytest.fixture
def shop(world, leader, quick):
    """The test's namespace with a Service that is served and one that is refused."""
    del leader
    world.start_dklb(concurrency=quick, leaderElection={"leaseNamespace": NAMESPACE})
    world.create_pod()
    pool = f"name: {world.namespace}\n"
    world.create_service(config=pool)
    world.wait_for_phase("redis", "Provisioned")
    world.create_service("rival", config=pool)
    world.wait_for_phase("rival", "Refused")
    return world


def account(sandbox, name, folder, *, viewer=True, events_in=None):
    """A kubeconfig of somebody with an account and, by default, the roles of deploy/."""
    sandbox.kubectl("apply", "-f", ROOT / "deploy/components/viewer/viewer-role.yaml",
                    "-f", ROOT / "deploy/components/viewer/viewer-clusterrole.yaml")
    sandbox.kubectl("-n", NAMESPACE, "create", "serviceaccount", name)
    subject = f"--serviceaccount={NAMESPACE}:{name}"
    if viewer:
        sandbox.kubectl("-n", NAMESPACE, "create", "rolebinding", name, "--role=dklb-viewer", subject)
    if events_in:
        sandbox.kubectl("-n", events_in, "create", "rolebinding", name,
                        "--clusterrole=dklb-viewer", subject)
    token = sandbox.kubectl("-n", NAMESPACE, "create", "token", name).stdout.strip()
    sandbox.control_plane.write_kubeconfig(folder / name, name, token)
    return folder / name


def run(sandbox, *command, kubeconfig=None):
    """Runs a command as a user types it; the result of subprocess."""
    environment = sandbox.environment()
    if kubeconfig:
        environment["KUBECONFIG"] = str(kubeconfig)
    return subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True,
                          timeout=120, check=False)


def row(result, name):
    """The line that a text has for a field."""
    assert result.returncode == 0, result.stdout + result.stderr
    found = re.search(rf"^{name} +(.*)$", result.stdout, re.M)
    assert found, result.stdout
    return found.group(1)


def test_explain_under_a_url(shop):
    served = run(shop.sandbox, "dklb", "explain", f"{shop.namespace}/redis",
                 "--url", shop.sandbox.introspection)
    assert row(served, "Phase").startswith("Provisioned for ")
    assert row(served, "Addresses") == ", ".join(shop.addresses())
    assert row(served, "Next step") == "none"
    assert re.search(r"^  \S+ ago +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +Provisioned ", served.stdout, re.M)

    refused = run(shop.sandbox, "dklb", "explain", f"{shop.namespace}/rival",
                  "--url", shop.sandbox.introspection)
    assert row(refused, "Reason") == "PortConflict"
    assert f"service {shop.namespace}/redis" in row(refused, "Cause")
    assert "dklb looks again" in row(refused, "Next step")

    unknown = run(shop.sandbox, "dklb", "explain", f"{shop.namespace}/absent",
                  "--url", shop.sandbox.introspection)
    assert unknown.returncode == 1 and "spec.type is LoadBalancer" in unknown.stderr
    nobody = run(shop.sandbox, "dklb", "explain", "a/b", "--url", "http://127.0.0.1:1")
    assert nobody.returncode == 2 and "http.listen" in nobody.stderr


def test_viewer_sees_the_leader_through_the_proxy_of_the_api_server(shop, tmp_path, tunnel):
    config = account(shop.sandbox, "viewer", tmp_path, events_in=shop.namespace)

    def dklb(*arguments):
        return run(shop.sandbox, "kubectl", "dklb", *arguments, kubeconfig=config)

    key = f"{shop.namespace}/rival"
    # A role counts once the API server has heard of it.
    shop.wait(lambda: dklb("services").returncode == 0, "the Role counts")
    shop.wait(lambda: dklb("events", key).returncode == 0, "the ClusterRole counts")
    # It keeps the connection to the pod for the requests that follow.
    assert f"{POD_ADDRESS}:8080" in tunnel.asked, "the API server connected, nobody else"
    assert row(dklb("explain", key), "Reason") == "PortConflict"
    as_json = json.loads(dklb("explain", key, "-o", "json").stdout)
    assert as_json == shop.introspect(f"/services/{key}")[1]
    assert re.search(rf"^{key} +Refused ", dklb("services").stdout, re.M)
    assert re.search(rf"^{shop.namespace} .* 2 +1 ", dklb("pools").stdout, re.M)
    assert f"  {key} " in dklb("pools", shop.namespace).stdout
    assert re.search(rf"^service +{key} ", dklb("actors", "--kind", "service").stdout, re.M)
    planned = dklb("plan")
    assert planned.returncode == 0 and planned.stdout.startswith("Nothing to do.\n"), planned
    assert f"{key}  Refused  PortConflict: " in planned.stdout
    shop.wait_for_event("rival", "Warning", "PortConflict")
    assert " PortConflict " in dklb("events", key).stdout
    reasons = {event["reason"] for event in json.loads(dklb("events", key, "-o", "json").stdout)}
    assert "PortConflict" in reasons
    offered = run(shop.sandbox, "kubectl", "__complete", "dklb", "explain", f"{shop.namespace}/r",
                  kubeconfig=config).stdout.splitlines()
    assert {f"{shop.namespace}/redis", key} <= set(offered)


def test_without_the_role_the_missing_right_is_named(shop, tmp_path):
    config = account(shop.sandbox, "stranger", tmp_path, viewer=False)
    result = run(shop.sandbox, "kubectl", "dklb", "services", kubeconfig=config)
    assert result.returncode == 2 and result.stdout == ""
    assert "leases" in result.stderr and "dklb-viewer" in result.stderr
    shop.sandbox.kubectl("-n", NAMESPACE, "create", "role", "leases", "--verb=get",
                         "--resource=leases")
    shop.sandbox.kubectl("-n", NAMESPACE, "create", "rolebinding", "leases", "--role=leases",
                         f"--serviceaccount={NAMESPACE}:stranger")
    shop.wait(lambda: "pods/proxy" in run(shop.sandbox, "kubectl", "dklb", "services",
                                          kubeconfig=config).stderr, "the second right is named")


def test_api_server_under_a_name_is_no_obstacle(shop, tmp_path):
    """It hands its own name on in the Host header, which dklb does not know as one of its own."""
    control_plane = shop.sandbox.control_plane
    proxy = ConnectProxy(("127.0.0.1", 0),
                         {"kubernetes.default.svc:6443": (control_plane.host, control_plane.port)})
    try:
        document = yaml.safe_load(shop.sandbox.kubeconfig.read_text(encoding="utf-8"))
        cluster = document["clusters"][0]["cluster"]
        cluster.update({"server": "https://kubernetes.default.svc:6443",
                        "proxy-url": f"http://127.0.0.1:{proxy.port}"})
        config = tmp_path / "named"
        config.write_text(yaml.safe_dump(document), encoding="utf-8")
        result = run(shop.sandbox, "kubectl", "dklb", "explain", f"{shop.namespace}/redis",
                     kubeconfig=config)
        assert row(result, "Phase").startswith("Provisioned")
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{POD}:8080/proxy/services"
        raw = run(shop.sandbox, "kubectl", "get", "--raw", path, kubeconfig=config)
        assert "421" in raw.stderr, "kubectl itself is refused"
    finally:
        proxy.close()


def test_pod_that_cannot_be_reached_comes_with_the_way_around(shop):
    set_address(shop.sandbox, "10.244.7.10")
    try:
        result = run(shop.sandbox, "kubectl", "dklb", "services")
        assert result.returncode == 2
        for part in (f"pod {NAMESPACE}/{POD}", "NetworkPolicy", "port-forward"):
            assert part in result.stderr
    finally:
        set_address(shop.sandbox, POD_ADDRESS)


def test_plan_of_a_configuration_file_is_made_from_here(shop):
    config = shop.sandbox.state / "dklb.yaml"
    same = run(shop.sandbox, "kubectl", "dklb", "plan", "--config", config)
    assert same.returncode == 0 and same.stdout.startswith("Nothing to do.\n"), same
    shop.stop_dklb()
    shop.create_service("second", config=f"name: {shop.namespace}\n", port=6380)
    changed = run(shop.sandbox, "kubectl", "dklb", "plan", "--config", config)
    assert changed.returncode == 1, changed
    assert f"add frontend dev.kubernetes01:{shop.namespace}:second:6380" in changed.stdout
    missing = run(shop.sandbox, "kubectl", "dklb", "plan", "--config", "/nonexistent")
    assert missing.returncode == 2 and "/nonexistent" in missing.stderr


def test_lease_that_is_not_there_or_has_no_holder_comes_with_the_next_step(shop):
    absent = run(shop.sandbox, "kubectl", "dklb", "services", "-n", shop.namespace)
    assert absent.returncode == 2
    assert f"there is no Lease {shop.namespace}/dklb" in absent.stderr
    shop.stop_dklb()
    released = run(shop.sandbox, "kubectl", "dklb", "services")
    assert released.returncode == 2 and "no dklb leads now" in released.stderr
