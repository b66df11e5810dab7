"""The API server, etcd, and the Services that are created in them."""

import json
import os
import threading
import time

from sandbox.cluster import ROOT, Sandbox, wait_until

from .api import MERGE, Api, ApiError, Audit
from .observer import Observer
from .usage import go_first

NAMESPACE = "bench"
ANNOTATION = "kubernetes.dcos.io/dklb-config"
SHARED_POOL = "shared"
DELETERS = 4


class Cluster:
    """One control plane for a whole run. Where it goes `first`, its processes, dklb and the
    benchmark come before all others of this machine."""

    services = f"/api/v1/namespaces/{NAMESPACE}/services"

    def __init__(self, first=False):
        self.first = first
        self.sandbox = Sandbox.in_free_folder(ROOT / "build" / "bench")
        # Ten thousand Services with a nodePort each, and an audit log in one file.
        self.sandbox.start_control_plane(more_flags=["--service-node-port-range=10000-65000",
                                                     "--audit-log-maxsize=10000"])
        # Nothing here needs it, and it watches everything.
        self.sandbox.control_plane.controllers.stop()
        for pid in (os.getpid(), *self.pids().values()):
            self.prefer(pid)
        self.api = Api(self.sandbox.control_plane)
        self.audit = Audit(self.sandbox.control_plane)
        self.api.call("POST", "/api/v1/namespaces", json.dumps({"metadata": {"name": NAMESPACE}}))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sandbox.stop()
        if self.first:
            go_first(os.getpid(), False)

    def prefer(self, pid):
        """A process of the benchmark, where it is to go first."""
        if self.first:
            go_first(pid)

    def pids(self):
        """Process IDs by name."""
        control_plane = self.sandbox.control_plane
        return {"apiserver": control_plane.apiserver.child.pid,
                "etcd": control_plane.etcd.child.pid}

    def observe(self):
        """See Observer."""
        return Observer(self.sandbox.control_plane, self.services)

    @staticmethod
    def manifest(number, shared=False, annotation=None):
        """A Service of type LoadBalancer with one port, and a pool of its own unless shared."""
        pool = SHARED_POOL if shared else f"pool-{number:05}"
        # On a shared pool every frontend needs a port of its own.
        port = 10000 + number if shared else 80
        return json.dumps({
            "metadata": {"name": f"svc-{number:05}", "annotations": {
                ANNOTATION: annotation or f"name: {pool}\nrole: slave_public\n"}},
            "spec": {"type": "LoadBalancer", "selector": {"app": "bench"},
                     "ports": [{"port": port, "protocol": "TCP"}]}}).encode()

    def create(self, numbers, shared=False, after_each=lambda: None):
        """Creates these Services one after the other over one connection."""
        bodies = [self.manifest(number, shared) for number in numbers]
        for body in bodies:
            self.api.call("POST", self.services, body)
            after_each()

    def names(self):
        """The names of the Services that are there."""
        return [item["metadata"]["name"] for item in self.api.json(self.services)["items"]]

    def delete(self, numbers):
        """Deletes these Services as a user does; their controller takes its finalizer away."""
        for number in numbers:
            self.api.call("DELETE", f"{self.services}/svc-{number:05}")

    def wait_for_count(self, count):
        """Waits until so many Services are there."""
        wait_until(lambda: len(self.names()) == count, f"{count} Services", 120)

    def clear(self):
        """Takes every Service away, whoever has a finalizer on it. No controller may run."""
        items = self.api.json(self.services)["items"]
        if not items:
            return
        problems = []
        deleting = [threading.Thread(target=self._clear, args=(items[first::DELETERS], problems))
                    for first in range(DELETERS)]
        for thread in deleting:
            thread.start()
        for thread in deleting:
            thread.join()
        if problems:
            raise problems[0]
        self.wait_for_count(0)
        time.sleep(0.3)  # until the API server has told its watchers

    def _clear(self, items, problems):
        api = Api(self.sandbox.control_plane)
        try:
            for item in items:
                path = f"{self.services}/{item['metadata']['name']}"
                if item["metadata"].get("finalizers"):
                    api.call("PATCH", path, b'{"metadata":{"finalizers":null}}', MERGE)
                api.call("DELETE", path, allowed=(404,))
        except (ApiError, OSError) as problem:
            problems.append(problem)
        finally:
            api.close()
