"""What a far test does and sees: one namespace of the sandbox, EdgeLB, and dklb."""

import contextlib
import json
import socket
import subprocess
import threading

from echo import EchoClient
from sandbox.cluster import SandboxError, wait_until

ANNOTATION = "kubernetes.dcos.io/dklb-config"
POOL = "kubernetes.dcos.io/dklb-pool"
CONDITION = "kubernetes.dcos.io/Provisioned"
FINALIZER = "kubernetes.dcos.io/dklb"
TIMEOUT = 60
# Short times: what is waited for here takes seconds in production settings.
QUICK = {"resyncPeriod": "2s", "poolWriteGap": "250ms", "poll": {"min": "200ms", "max": "2s"},
         "retry": {"base": "200ms", "max": "2s"}}


class World:
    """A namespace and the means to act in it. `pool` names are made unique by the test's own."""

    def __init__(self, sandbox, namespace):
        self.sandbox = sandbox
        self.namespace = namespace

    def open(self):
        """The namespace, with the account that pods need."""
        self.sandbox.kubectl("create", "namespace", self.namespace)
        self.wait(lambda: self.kubectl("get", "serviceaccount", "default", check=False)
                  .returncode == 0, "the namespace's default account")

    def close(self):
        """Takes everything down while dklb still runs, so that it cleans up after itself."""
        try:
            if self.sandbox.dklb is None or not self.sandbox.dklb.running:
                self.start_dklb()
            # What is still there when the namespace goes is looked at again only much later.
            self.kubectl("delete", "services,pods", "--all", "--timeout=60s", check=False)
            self.sandbox.kubectl("delete", "namespace", self.namespace, "--wait=false")
            self.wait(lambda: self.sandbox.kubectl("get", "namespace", self.namespace,
                                                   check=False).returncode != 0,
                      "the namespace is gone")
        except SandboxError:
            self._force_down()
            raise
        finally:
            self.stop_dklb()

    def _force_down(self):
        """Keeps what dklb did not clean up from disturbing the tests to come."""
        for service in self.kubectl("get", "services", "-o", "name").stdout.split():
            self.kubectl("patch", service, "--type=merge", "-p",
                         '{"metadata": {"finalizers": null}}', check=False)
        for pool in json.loads(self.sandbox.get(f"{self.sandbox.edgelb_url}/v2/pools")[1]):
            self.edgelb("DELETE", f"/v2/pools/{pool['name']}")

    def start_dklb(self, **options):
        """Starts the controller; options as Sandbox.start_dklb."""
        self.sandbox.start_dklb(**options)

    def stop_dklb(self):
        """Ends the controller in order; returns its exit status."""
        dklb, self.sandbox.dklb = self.sandbox.dklb, None
        return dklb.stop() if dklb else None

    def wait(self, condition, what, timeout=TIMEOUT):
        """The first true value of `condition()`; fails naming `what`, or when a part dies."""
        return wait_until(condition, what, timeout, self.sandbox.check)

    # Kubernetes

    def kubectl(self, *arguments, **options):
        """kubectl in the namespace."""
        return self.sandbox.kubectl("--namespace", self.namespace, *arguments, **options)

    def get(self, kind, name):
        """An object, None where there is none."""
        result = self.kubectl("get", kind, name, "-o", "json", "--ignore-not-found")
        return json.loads(result.stdout) if result.stdout.strip() else None

    def create_pod(self, name="redis", image="redis:5.0.3", port=6379, ready=True, app=None,
                   node=None):
        """A pod labelled app=NAME, or app=APP, on any node or on NODE; waits until it is ready."""
        spec = {"containers": [{"name": "main", "image": image,
                                "ports": [{"name": "main", "containerPort": port}]}]}
        if node:
            spec["nodeSelector"] = {"kubernetes.io/hostname": node}
        self.create({"apiVersion": "v1", "kind": "Pod",
                     "metadata": {"name": name, "labels": {"app": app or name}}, "spec": spec})
        if ready:
            self.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s")

    def create_service(self, name="redis", config=None, port=6379, app="redis", **spec):
        """A Service of type LoadBalancer for the pods labelled app=APP."""
        annotations = {} if config is None else {ANNOTATION: config}
        self.create({"apiVersion": "v1", "kind": "Service",
                     "metadata": {"name": name, "annotations": annotations},
                     "spec": {"type": "LoadBalancer", "selector": {"app": app},
                              "ports": [{"port": port, "protocol": "TCP"}], **spec}})

    def create(self, document):
        """kubectl create."""
        self.kubectl("create", "-f", "-", input=json.dumps(document))

    def patch(self, kind, name, change):
        """A merge patch."""
        self.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps(change))

    def set_config(self, name, config):
        """Another configuration object for a Service."""
        self.patch("service", name, {"metadata": {"annotations": {ANNOTATION: config}}})

    def delete(self, kind, name, wait=True):
        """kubectl delete."""
        self.kubectl("delete", kind, name, f"--wait={str(wait).lower()}", "--timeout=60s")

    def addresses(self, name="redis"):
        """The addresses in a Service's status."""
        status = self.get("service", name)["status"]["loadBalancer"]
        return [entry["ip"] for entry in status.get("ingress", [])]

    def wait_for_address(self, name="redis"):
        """A public address of a Service, where its pool can be reached."""
        return self.wait(lambda: self.addresses(name), f"{name} has an address")[-1]

    def condition(self, name="redis"):
        """dklb's condition on a Service, {} while there is none."""
        conditions = self.get("service", name)["status"].get("conditions", [])
        return next((each for each in conditions if each["type"] == CONDITION), {})

    def wait_for_condition(self, name, status, *texts):
        """dklb's condition once it has this status and names all of these texts."""
        def reached():
            found = self.condition(name)
            good = found.get("status") == status and all(
                text in found.get("message", "") for text in texts)
            return found if good else None
        try:
            return self.wait(reached, f"condition {status} of {name} with {texts}")
        except Exception as error:
            raise AssertionError(f"{error}; it is {self.condition(name)}") from error

    def events(self, name):
        """(type, reason, text) of the events on a Service."""
        items = json.loads(self.kubectl("get", "events.events.k8s.io", "-o", "json").stdout)["items"]
        return [(item["type"], item["reason"], item.get("note", "")) for item in items
                if item["regarding"]["kind"] == "Service" and item["regarding"]["name"] == name]

    def wait_for_event(self, name, kind, reason, *texts):
        """Waits for an event of this type and reason whose note has all of these texts."""
        return self.wait(
            lambda: [note for found_kind, found_reason, note in self.events(name)
                     if (found_kind, found_reason) == (kind, reason)
                     and all(text in note for text in texts)],
            f"event {kind} {reason} on {name} with {texts}")

    # EdgeLB

    def pool(self, name):
        """A pool, None where there is none."""
        status, body = self.sandbox.get(f"{self.sandbox.edgelb_url}/v2/pools/{name}")
        assert status in (200, 404), body
        return json.loads(body) if status == 200 else None

    def frontends(self, name):
        """The bind ports of a pool by the frontend's name, {} where there is no pool."""
        found = self.pool(name)
        return {each["name"]: each["bindPort"] for each in found["haproxy"]["frontends"]} \
            if found else {}

    def wait_until_gone(self, pool):
        """Waits until a pool does not exist."""
        self.wait(lambda: self.pool(pool) is None, f"pool {pool} is gone")

    def edgelb(self, method, path, document=None):
        """A request to EdgeLB as an operator would make it; fails where it is refused."""
        command = ["curl", "--silent", "--show-error", "--fail", "-X", method,
                   f"{self.sandbox.edgelb_url}{path}"]
        if document is not None:
            command += ["-H", "Content-Type: application/json", "-d", json.dumps(document)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def edgelb_writes(self):
        """Every write EdgeLB has answered so far, one line each, from its log."""
        log = self.sandbox.edgelb.log.read_text(encoding="utf-8")
        return [line for line in log.splitlines()
                if any(f' {method} "/v2/pools' in line for method in ("POST", "PUT", "DELETE"))]

    def kubernetes_writes(self):
        """Every write of dklb the API server has logged so far; its lease left out."""
        return [f'{entry["verb"]} {entry["requestURI"]}' for entry in self._audited()
                if entry["verb"] not in ("list", "watch")
                and entry["objectRef"]["resource"] != "leases"]

    def service_lists(self):
        """Every list of all Services by dklb, streamed or not, the API server has logged so far.

        The look-up of a single name, which the sweep of orphans makes, is none.
        """
        return [entry["requestURI"] for entry in self._audited()
                if "fieldSelector" not in entry["requestURI"]
                and (entry["verb"] == "list" or (entry["stage"] == "ResponseStarted"
                                                 and "sendInitialEvents" in entry["requestURI"]))]

    def _audited(self):
        return [entry for entry in self.sandbox.control_plane.audit_entries()
                if entry["userAgent"].startswith("dklb/")]

    # Traffic

    @staticmethod
    def echo(address, port, source=None):
        """The answer of a pod with the image echo-proxy to a new connection; None without one."""
        with EchoClient(address, port, source) as client:
            return client.say() if client.open else None

    def wait_for_echo(self, address, port, source=None):
        """Waits until a pod with the image echo-proxy answers."""
        return self.wait(lambda: self.echo(address, port, source), f"an echo at {address}:{port}")

    @staticmethod
    def redis(address, port, *command):
        """redis-cli's answer, "" where it fails."""
        result = subprocess.run(["redis-cli", "-h", address, "-p", str(port), *command],
                                capture_output=True, text=True, timeout=20, check=False)
        return result.stdout.strip() if result.returncode == 0 else ""

    @contextlib.contextmanager
    def undisturbed(self, address, port):
        """New connections to redis at an address all through the block; fails where one did."""
        failures, stop = [], threading.Event()

        def ask():
            while not stop.wait(0.05):
                try:
                    with socket.create_connection((address, port), timeout=20) as connection:
                        connection.sendall(b"PING\r\n")
                        answer = connection.recv(64)
                    if answer != b"+PONG\r\n":
                        failures.append(answer)
                except OSError as error:
                    failures.append(error)

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        try:
            yield
        finally:
            stop.set()
            asking.join()
        assert not failures

    def wait_for_redis(self, address, port):
        """Waits until redis answers at an address."""
        self.wait(lambda: self.redis(address, port, "PING") == "PONG",
                  f"redis answers at {address}:{port}")

    def wait_until_closed(self, address, port):
        """Waits until nothing listens at an address."""
        def closed():
            with socket.socket() as probe:
                return probe.connect_ex((address, port)) != 0
        self.wait(closed, f"nothing listens at {address}:{port}")

    # dklb

    def introspect(self, path):
        """(status, parsed body) of an introspection path."""
        status, body = self.sandbox.get(f"{self.sandbox.introspection}{path}")
        return status, json.loads(body)

    def phase(self, name="redis"):
        """The phase that dklb explains a Service with, "" where it does not know it."""
        status, body = self.introspect(f"/services/{self.namespace}/{name}")
        return body["phase"] if status == 200 else ""

    def wait_for_phase(self, name, phase):
        """Waits until dklb explains a Service with a phase."""
        self.wait(lambda: self.phase(name) == phase, f"{name} is {phase}")
