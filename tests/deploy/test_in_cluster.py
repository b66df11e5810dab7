"""deploy/overlays/bare-metal, at work: the images' root folders run as the manifests say, dklb under
its own account of a real API server, edgelb-local with real HAProxy."""

import contextlib
import http.server
import json
import signal
import threading
import urllib.error
import urllib.request

import pytest
from image_root import USER, assemble, command, remove
from installing import apply, uninstall
from operations_guide import commands, run
from rendering import NAMESPACE, kustomize, objects

from sandbox.cluster import SandboxError, wait_until
from sandbox.cluster.process import Process

OVERLAY = "overlays/bare-metal"
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:dklb"
ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN = "not-guessable"
TIMEOUT = 60
ROLES = (("ClusterRole", ""), ("Role", NAMESPACE))


def get(url, token=None):
    """The status (0 where nothing answered) and the body."""
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Web(http.server.BaseHTTPRequestHandler):
    """What stands behind a node's nodePort."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from behind the node")

    def log_message(self, *_):
        pass


def granted(role):
    """The rights of a role, as ControlPlane.allowed() takes them."""
    namespace = role["metadata"].get("namespace", "")
    return [(verb, group, resource, namespace, name)
            for rule in role["rules"] for verb in rule["verbs"] for group in rule["apiGroups"]
            for resource in rule["resources"] for name in rule.get("resourceNames", [""])]


class Deployed:
    """The overlay applied, and its two pods as processes of this machine."""

    def __init__(self, cluster, block, state):
        self.cluster, self.block, self.state = cluster, block, state
        self.edgelb_url = f"http://{block.host}:8000"
        self.introspection = f"http://{block.host}:8080"
        self.objects = objects(kustomize(OVERLAY))
        self.roots, self.processes = {}, {}
        self.dklb = None

    def apply(self):
        """The manifests, and what docs/operations.md has the administrator add."""
        apply(self.cluster, kustomize(OVERLAY))
        for number, address in enumerate(self.block.nodes, start=1):
            name = f"node-{number}"
            self.cluster.kubectl("create", "-f", "-", input=json.dumps(
                {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}))
            self.cluster.kubectl("patch", "node", name, "--subresource=status", "-p", json.dumps(
                {"status": {"addresses": [{"type": "InternalIP", "address": address}],
                            "conditions": [{"type": "Ready", "status": "True"}]}}))
        self.wait_for_rights(ROLES)

    def rights(self, roles):
        """All that these roles of the overlay grant, roles as (kind, namespace)."""
        return [right for kind, namespace in roles
                for right in granted(self.objects[kind, namespace, "dklb"])]

    def wait_for_rights(self, roles):
        """Waits until the API server grants what it was told: it hears of roles from a watch."""
        rights = self.rights(roles)
        wait_until(lambda: self.cluster.allowed(ACCOUNT, rights) == set(rights),
                   "the account has its rights", TIMEOUT)

    def _container(self, namespace, name):
        pod = self.objects["Deployment", namespace, name]["spec"]["template"]["spec"]
        return pod, pod["containers"][0]

    def _folder(self, name, **files):
        folder = self.state / name
        folder.mkdir(parents=True, mode=0o755)
        for file, text in files.items():
            (folder / file.replace("_", ".")).write_text(text, encoding="utf-8")
        return folder

    def start_edgelb(self):
        """The pod of edgelb-local."""
        root = self.roots["edgelb-local"] = assemble("edgelb-local", self.state / "edgelb-local")
        pod, container = self._container("edgelb-local", "edgelb-local")
        files = self._folder("edgelb-local-files")
        (files / "agents").mkdir()
        (files / "token").mkdir()
        (files / "agents/agents.json").write_text(json.dumps(
            [{"private": self.block.at("64.1"), "public": self.block.at("64.2")}]))
        (files / "token/token").write_text(TOKEN)
        arguments = [word.replace("$(HOST_IP)", self.block.host) for word in container["args"]]
        self._start("edgelb-local", command(
            root, "/usr/bin/edgelb-local", *arguments, user=pod["securityContext"]["runAsUser"],
            mounts={"/etc/edgelb-local": files,
                    "/var/lib/edgelb-local": self._folder("edgelb-local-state")}))
        self.wait("edgelb-local", lambda: get(f"{self.edgelb_url}/ping", TOKEN)[0] == 200, "answers")

    def prepare_dklb(self):
        """The image and the mounts that the kubelet makes."""
        root = self.roots["dklb"] = assemble("dklb", self.state / "dklb")
        pod, container = self._container(NAMESPACE, "dklb")
        assert pod["securityContext"]["runAsUser"] == USER
        files = self._folder("dklb-files")
        (files / "config").mkdir()
        (files / "edgelb-token").mkdir()
        text = self.objects["ConfigMap", NAMESPACE, "dklb"]["data"]["dklb.yaml"]
        # No DNS and no network of its own here, and agents that are loopback addresses.
        for there, here in (("  url: http://edgelb-local.edgelb-local.svc:8000\n",
                             f"  url: {self.edgelb_url}\n  publishLocalAddresses: true\n"),
                            ("0.0.0.0:8080", self.introspection.removeprefix("http://"))):
            assert there in text
            text = text.replace(there, here)
        (files / "config/dklb.yaml").write_text(text)
        (files / "edgelb-token/token").write_text(TOKEN)
        token = self.cluster.kubectl("create", "token", "dklb", "-n", NAMESPACE).stdout
        account = self._folder("account", token=token, namespace=NAMESPACE,
                               ca_crt=self.cluster.ca.read_text())
        self.dklb = command(
            root, "/usr/bin/dklb", *container["args"],
            mounts={"/etc/dklb": files, ACCOUNT_FOLDER: account},
            environment={"CLUSTER_NAME": "dev/kubernetes01", "POD_NAME": "dklb-0",
                         "POD_NAMESPACE": NAMESPACE, "KUBERNETES_SERVICE_HOST": self.cluster.host,
                         "KUBERNETES_SERVICE_PORT": str(self.cluster.port)})

    def start_dklb(self):
        """The pod of dklb; returns when its probes say that it works."""
        container = self._container(NAMESPACE, "dklb")[1]
        self._start("dklb", self.dklb)
        probe = container["readinessProbe"]["httpGet"]["path"]
        self.wait("dklb", lambda: get(self.introspection + probe)[0] == 200, "ready")
        assert get(self.introspection + container["livenessProbe"]["httpGet"]["path"])[0] == 200

    def _start(self, name, words):
        self.processes[name] = Process(name, words, self.state).start()

    def wait(self, name, condition, what):
        """Waits for a process to get somewhere."""
        return self.processes[name].wait_for(condition, what, TIMEOUT)

    def stop(self):
        """Ends both and takes the root folders away."""
        for process in self.processes.values():
            process.stop()
        for root in self.roots.values():
            remove(root)


@pytest.fixture(scope="module")
def deployed(cluster, address_block, tmp_path_factory):
    """Both pods, running."""
    made = Deployed(cluster, address_block, tmp_path_factory.mktemp("deployed"))
    try:
        made.apply()
        made.start_edgelb()
        made.prepare_dklb()
        made.start_dklb()
        yield made
    except SandboxError as error:
        pytest.fail(error.report())
    finally:
        made.stop()
        cluster.kubectl("delete", "node", "--all")
        uninstall(cluster)


def create_service(cluster, name):
    """A Service of type LoadBalancer on port 80."""
    cluster.kubectl("create", "-f", "-", input=json.dumps({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}))


@pytest.fixture
def web(cluster, deployed):
    """A Service and servers behind its nodePort; gone again afterwards."""
    create_service(cluster, "web")
    port = cluster.kubectl_json("get", "service", "web")["spec"]["ports"][0]["nodePort"]
    servers = [http.server.ThreadingHTTPServer((address, port), Web)
               for address in deployed.block.nodes]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield "web"
    for server in servers:
        server.shutdown()
        server.server_close()
    cluster.kubectl("delete", "service", "web", "--ignore-not-found", "--timeout=60s")


def addresses(cluster, name):
    status = cluster.kubectl_json("get", "service", name)["status"]
    return [entry["ip"] for entry in status["loadBalancer"].get("ingress", [])]


def test_service_is_served_on_a_privileged_port_and_released(deployed, cluster, web):
    found = deployed.wait("dklb", lambda: addresses(cluster, web), "addresses on the Service")
    assert found == [deployed.block.at("64.2")], "the public address alone, as on bare metal"
    body = wait_until(lambda: get(f"http://{found[0]}:80/")[1], "an answer through the pool", TIMEOUT)
    assert body == "from behind the node"
    events = wait_until(lambda: cluster.kubectl_json(
        "get", "events", "--field-selector=involvedObject.name=web")["items"], "events", TIMEOUT)
    assert {event["type"] for event in events} == {"Normal"}
    cluster.kubectl("delete", "service", web, "--timeout=60s")
    pools = json.loads(get(f"{deployed.edgelb_url}/v2/pools", TOKEN)[1])
    assert not pools


def test_edgelb_refuses_whoever_lacks_the_token(deployed):
    assert get(f"{deployed.edgelb_url}/v2/pools")[0] == 401
    assert get(f"{deployed.edgelb_url}/v2/pools", TOKEN)[0] == 200


def test_no_secret_is_in_a_log_or_on_a_page(deployed):
    account = (deployed.state / "account/token").read_text()
    texts = [(deployed.state / f"logs/{name}.log").read_text(errors="replace")
             for name in ("dklb", "edgelb-local")]
    for page in ("config", "actors", "services", "pools"):
        status, text = get(f"{deployed.introspection}/{page}")
        assert status == 200
        texts.append(text)
    for text in texts:
        assert text and TOKEN not in text and account not in text


def test_the_operations_guides_commands_show_what_runs(deployed, cluster, web, tmp_path):
    deployed.wait("dklb", lambda: addresses(cluster, web), "addresses on the Service")

    def shown(block, **placeholders):
        block = block.replace("localhost:8080", deployed.introspection.removeprefix("http://"))
        return run(cluster, tmp_path, block, **placeholders).stdout

    see, = commands("See that it works", without=())
    said = shown(see)
    assert "[+] services ok" in said and "dklb-0" not in said and f'"{web}"' in said
    # The API server reaches no pod here; tests/e2e/test_explain.py has the plugin.
    why = shown(commands("A Service is stuck", without=("kubectl dklb",))[0], namespace="default",
                name=web)
    assert "EnsuredLoadBalancer" in why and '"phase": "Provisioned"' in why

    # Removal: find, release, wait until nothing is found.
    find, release, _ = commands("Remove dklb without orphans")
    assert f"default {web} " in shown(find)
    shown(release, namespace="default", name=web)
    deployed.wait("dklb", lambda: run(cluster, tmp_path, find, check=False).returncode == 1,
                  "nothing is held any more")
    assert json.loads(get(f"{deployed.introspection}/pools")[1]) == []
    assert not json.loads(get(f"{deployed.edgelb_url}/v2/pools", TOKEN)[1])


def test_account_suffices_for_all_of_it(deployed, cluster):
    """After the tests above: nothing was forbidden, and these are the requests that were made."""
    expected = {("list", "services"), ("watch", "services"), ("patch", "services"),
                ("patch", "services/status"), ("list", "nodes"), ("watch", "nodes"),
                ("create", "events"), ("get", "leases"), ("create", "leases"),
                ("update", "leases")}
    used = set()

    def made():
        for entry in cluster.audit_entries():
            if entry["user"]["username"] == ACCOUNT:
                assert entry.get("responseStatus", {}).get("code") != 403, entry
                about = entry.get("objectRef", {})
                used.add((entry["verb"], "/".join(filter(None, (about.get("resource"),
                                                                about.get("subresource"))))))
        return expected <= used

    # A renewal comes only some seconds after the lease was made.
    try:
        deployed.wait("dklb", made, "all requests")
    except SandboxError:
        assert expected <= used
        raise


def test_lease_is_in_dklbs_namespace_and_released_at_an_orderly_end(deployed, cluster):
    def holder():
        lease = cluster.kubectl("get", "lease", "dklb", "-n", NAMESPACE, "-o", "json",
                                "--ignore-not-found").stdout
        return lease and json.loads(lease)["spec"].get("holderIdentity")
    deployed.wait("dklb", holder, "holds the lease")
    dklb = deployed.processes.pop("dklb")
    dklb.signal(signal.SIGTERM)
    assert dklb.child.wait(TIMEOUT) == 0
    assert holder() == ""


@contextlib.contextmanager
def without(deployed, rights):
    """Takes rights, as (verb, resource), off the account; gives them back afterwards. Both count
    when this returns."""
    cluster, kept = deployed.cluster, []
    for kind, namespace in ROLES:
        role = deployed.objects[kind, namespace, "dklb"]
        kept.append(json.dumps(role))
        rules = [{**rule, "verbs": [verb for verb in rule["verbs"]
                                    if not {(verb, resource) for resource in rule["resources"]}
                                    & rights]} for rule in role["rules"]]
        cluster.kubectl("replace", "-f", "-", input=json.dumps(
            {**role, "rules": [rule for rule in rules if rule["verbs"]]}))
    gone = [right for right in deployed.rights(ROLES) if (right[0], right[2]) in rights]
    assert {(verb, resource) for verb, _, resource, _, _ in gone} == rights
    wait_until(lambda: not cluster.allowed(ACCOUNT, gone), f"{rights} are taken away", TIMEOUT)
    try:
        yield
    finally:
        for role in kept:
            cluster.kubectl("replace", "-f", "-", input=role)
        deployed.wait_for_rights(ROLES)


class Deprived:
    """dklb without a right, and the Service `name` that it is to serve."""

    def __init__(self, deployed, name):
        self.deployed, self.cluster, self.name = deployed, deployed.cluster, name
        self.process = None

    def log(self):
        """The lines of this dklb so far."""
        return self.process.log.read_text(errors="replace").splitlines()

    def wait(self, condition, what):
        """Waits for this dklb to get somewhere."""
        return self.process.wait_for(condition, what, TIMEOUT)

    def annotate(self, text):
        """Another configuration object for the Service."""
        self.cluster.kubectl("annotate", "service", self.name, "--overwrite",
                             f"kubernetes.dcos.io/dklb-config={text}")

    def reason(self):
        """Why the Service is as it is, "" where dklb has not said."""
        status = self.cluster.kubectl_json("get", "service", self.name)["status"]
        return next((each["reason"] for each in status.get("conditions", [])), "")

    def events(self, namespace, kind, name):
        """The messages of the events about an object."""
        items = self.cluster.kubectl_json("get", "events", "-n", namespace)["items"]
        return [item["message"] for item in items
                if (item["involvedObject"]["kind"], item["involvedObject"]["name"]) == (kind, name)]

    def served(self):
        """Whether EdgeLB has the Service."""
        return f":{self.name}:80" in get(f"{self.deployed.edgelb_url}/v2/pools", TOKEN)[1]

    def has_addresses(self):
        """Whether the Service has them."""
        return addresses(self.cluster, self.name)


def released_lease(deployed):
    """What a dklb that ended in order leaves behind."""
    deployed.cluster.kubectl("apply", "-f", "-", input=json.dumps(
        {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
         "metadata": {"name": "dklb", "namespace": NAMESPACE},
         "spec": {"holderIdentity": "", "leaseDurationSeconds": 1}}))


def no_lease(deployed):
    """As before the first start."""
    deployed.cluster.kubectl("delete", "lease", "dklb", "-n", NAMESPACE, "--ignore-not-found")


def repeat_an_event(dklb):
    """An event is patched when it happens again."""
    for text in ("{", "name: fine", "{"):
        dklb.annotate(text)
        wanted = "TranslationError" if text == "{" else "EnsuredLoadBalancer"
        dklb.wait(lambda wanted=wanted: dklb.reason() == wanted, wanted)


class Right:
    """What shows that a right is needed: what is there before the start, what is done then, on
    which Service's events the denial is seen, and what goes on all the same."""

    def __init__(self, *, before=released_lease, after=None, on_service=False, goes_on=None):
        self.before, self.after, self.on_service, self.goes_on = before, after, on_service, goes_on


# Each is taken away in turn.
RIGHTS = {
    ("list", "services"): Right(),
    ("watch", "services"): Right(goes_on=Deprived.has_addresses),
    ("patch", "services"): Right(on_service=True),
    ("patch", "services/status"): Right(on_service=True, goes_on=Deprived.served),
    ("create", "events"): Right(goes_on=Deprived.has_addresses),
    ("patch", "events"): Right(after=repeat_an_event, goes_on=Deprived.served),
    ("list", "nodes"): Right(),
    ("watch", "nodes"): Right(goes_on=Deprived.has_addresses),
    ("get", "leases"): Right(),
    ("create", "leases"): Right(before=no_lease),
    ("update", "leases"): Right(),
}


def test_every_right_that_the_manifests_grant_is_taken_away_in_turn():
    rendered = objects(kustomize(OVERLAY))
    roles = [role for (kind, namespace, _), role in rendered.items()
             if kind in ("ClusterRole", "Role") and namespace in ("", NAMESPACE)]
    assert len(roles) == len(ROLES)
    assert {(verb, resource) for role in roles
            for verb, _, resource, _, _ in granted(role)} == set(RIGHTS)


@pytest.fixture
def left(cluster, deployed, request):
    """The name for a Service that no dklb cleans up after."""
    del deployed
    name = "left-" + "-".join(request.node.callspec.params["right"]).replace("/", "-")
    create_service(cluster, name)
    yield name
    cluster.kubectl("patch", "service", name, "--type=merge", "-p",
                    '{"metadata": {"finalizers": null}}')
    cluster.kubectl("delete", "service", name)


@pytest.mark.parametrize("right", RIGHTS, ids="-".join)
def test_right_is_needed_and_named_when_it_is_missing(deployed, cluster, left, right):
    """In the log as a warning, in /readyz?verbose, and in an event where one can be written."""
    verb, resource = right
    resource, _, subresource = resource.partition("/")
    said = f'cannot {verb} resource "{resource}{"/" if subresource else ""}{subresource}"'
    running = deployed.processes.pop("dklb", None)
    if running:
        running.stop()
    RIGHTS[right].before(deployed)
    dklb = Deprived(deployed, left)
    pod = f"dklb-without-{verb}-{resource}-{subresource}".strip("-")
    with without(deployed, {right}):
        words = [f"POD_NAME={pod}" if word == "POD_NAME=dklb-0" else word for word in deployed.dklb]
        dklb.process = Process(pod, words, deployed.state).start()
        try:
            if RIGHTS[right].after:
                RIGHTS[right].after(dklb)
            dklb.wait(lambda: any(said in line and "warn" in line for line in dklb.log()), said)
            dklb.wait(lambda: said in get(f"{deployed.introspection}/readyz?verbose")[1],
                      f"{said} in /readyz")
            if right != ("create", "events"):
                dklb.wait(lambda: any(said in note for note in dklb.events(NAMESPACE, "Pod", pod)),
                          f"an event on the pod with {said}")
            if RIGHTS[right].on_service:
                dklb.wait(lambda: any(said in note
                                      for note in dklb.events("default", "Service", left)),
                          f"an event on the Service with {said}")
            if RIGHTS[right].goes_on:
                dklb.wait(lambda: RIGHTS[right].goes_on(dklb), "the rest")
            assert get(f"{deployed.introspection}/livez")[0] == 200
        finally:
            dklb.process.stop()
    assert sum(said in line for line in dklb.log()) < 10, "told once, not at every try"
