"""A cluster on one machine, real parts only: what `make run` shows and the far tests use.

    with Sandbox(Path("build/sandbox")) as sandbox:
        sandbox.start_control_plane()
        sandbox.start_nodes()
        sandbox.start_edgelb()
        sandbox.start_dklb()
        sandbox.kubectl("get", "nodes")
"""

import fcntl
import json
import os
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from .addresses import IPV6_ADDRESS, AddressBlock
from .control_plane import ControlPlane
from .process import Process, SandboxError, end_descendants, wait_until

__all__ = ["CLUSTER_NAME", "ROOT", "Sandbox", "SandboxError", "wait_until"]

ROOT = Path(__file__).resolve().parents[2]
# Another version's, where the environment names one: see sandbox/kubernetes/build.
KUBERNETES_VERSION = os.environ.get("KUBERNETES_VERSION", "")
KUBERNETES = ROOT / "build" / "-".join(filter(None, ["kubernetes", KUBERNETES_VERSION])) / "bin"
RELEASE = ROOT / "build" / "release" / "bin"
CLUSTER_NAME = "dev/kubernetes01"


class Sandbox:
    """The parts of one cluster, in one state folder, on one block of loopback addresses.

    The folder is emptied at the start. Every process ends with stop(), with the `with` block, or
    with the process that owns the sandbox.
    """

    def __init__(self, state, programs=RELEASE):
        self.state = Path(state).resolve()
        self.programs = Path(programs)
        self.lock = self._lock()
        end_descendants(self.state)  # of an owner that was killed
        self._empty()
        self.block = AddressBlock()
        self.control_plane = self.nodes = self.edgelb = self.dklb = None
        self.edgelb_url = f"http://{self.block.host}:{self.block.port(8000)}"
        self.introspection = f"http://{self.block.host}:{self.block.port(8080)}"

    @classmethod
    def in_free_folder(cls, state, **options):
        """In `state`, or in the first of `state`-2, `state`-3, ... where that is in use."""
        for number in range(1, 100):
            try:
                return cls(state if number == 1 else f"{state}-{number}", **options)
            except SandboxError:
                continue
        raise SandboxError(f"{state} and its siblings all belong to running sandboxes")

    def _lock(self):
        self.state.mkdir(parents=True, exist_ok=True)
        lock = open(self.state / ".lock", "w", encoding="utf-8")  # held until stop()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise SandboxError(f"{self.state} belongs to a sandbox that is running") from None
        return lock

    def _empty(self):
        for entry in self.state.iterdir():
            if entry.name == ".lock":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start_control_plane(self, **options):
        """etcd, kube-apiserver and kube-controller-manager. Options as ControlPlane."""
        self.control_plane = ControlPlane(self.state, self.block, KUBERNETES, **options)
        self.control_plane.start()

    def start_nodes(self):
        """Two nodes that run pods as processes and forward nodePorts. The first has IPv6, too."""
        command = [self.programs / "sandbox-node", f"--kubeconfig={self.kubeconfig}",
                   f"--pods={self.block.pods}", f"--state-dir={self.state}/nodes"]
        for number, address in enumerate(self.block.nodes, start=1):
            wide = f",{IPV6_ADDRESS}" if number == 1 else ""
            command.append(f"--node=kube-node-{number}={address}{wide}")
        self.nodes = Process("sandbox-node", command, self.state).start()
        self.nodes.wait_for(self._nodes_ready, "nodes ready")

    def _nodes_ready(self):
        conditions = self.control_plane.kubectl(
            "get", "nodes", "-o",
            'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}').stdout
        return conditions.split() == ["True"] * len(self.block.nodes)

    def start_edgelb(self, *flags):
        """The EdgeLB API over real HAProxy; also to bring it back after a stop."""
        tasks = self.state / "tasks.json"
        tasks.write_text(json.dumps(self._tasks(), indent=2), encoding="utf-8")
        agents = self.state / "agents.json"
        agents.write_text(json.dumps(self.block.agents, indent=2), encoding="utf-8")
        self.edgelb = Process("edgelb-local", [
            self.programs / "edgelb-local", f"--listen={self.edgelb_url.removeprefix('http://')}",
            f"--state-dir={self.state}/edgelb", f"--agents-file={agents}",
            f"--tasks={tasks}", "--stop-instances-on-exit", *flags], self.state).start()
        self.edgelb.wait_for(lambda: self.get(f"{self.edgelb_url}/ping")[0] == 200, "answers")

    def _tasks(self):
        """The Mesos tasks that MKE would have: the cluster's nodes (edgelb/README.md)."""
        tasks = [{"name": f"kube-node-{number}", "agent": address, "container": address}
                 for number, address in enumerate(self.block.nodes, start=1)]
        return {"frameworks": {CLUSTER_NAME: {"tasks": tasks}}}

    def start_dklb(self, wait_ready=True, **settings):
        """The controller. `settings` are keys of its configuration file, e.g. `concurrency={...}`."""
        self.dklb = self.make_dklb("dklb", self.introspection, **settings).start()
        if wait_ready:
            self.dklb.wait_for(lambda: self.get(f"{self.introspection}/readyz")[0] == 200, "ready")

    def make_dklb(self, name, introspection, **settings):
        """A controller with a log and a configuration file of its own; it is its maker's to start
        and to stop."""
        config = self.state / f"{name}.yaml"
        config.write_text(json.dumps({  # JSON is YAML
            "clusterName": CLUSTER_NAME,
            # All of it is on this machine, pools on 127.0.0.0/8 among it.
            "edgelb": {"url": self.edgelb_url, "publishLocalAddresses": True},
            "kubernetes": {"kubeconfig": str(self.kubeconfig)},
            "http": {"listen": introspection.removeprefix("http://")},
            **settings}, indent=2), encoding="utf-8")
        return Process(name, [self.programs / "dklb", f"--config={config}"], self.state)

    @property
    def kubeconfig(self):
        """The administrator's kubeconfig."""
        return self.control_plane.kubeconfig

    def kubectl(self, *arguments, **options):
        """Runs kubectl as the administrator; see ControlPlane.kubectl."""
        return self.control_plane.kubectl(*arguments, **options)

    def environment(self):
        """For commands as a user would type them: kubectl and edgelb-local are in PATH."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig),
                "PATH": f"{KUBERNETES}:{self.programs}:{os.environ['PATH']}"}

    @staticmethod
    def get(url, timeout=5):
        """GET: the status (0 where nothing answered) and the body as text."""
        try:
            with urllib.request.urlopen(url, timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def check(self):
        """Raises where a part has ended although nobody asked it to."""
        for part in self._parts():
            part.check()

    def _parts(self):
        parts = [part for part in (self.dklb, self.edgelb, self.nodes) if part]
        return parts + (self.control_plane.processes if self.control_plane else [])

    def stop(self):
        """Ends every process, the last started first. May be called again."""
        for part in self._parts():
            part.stop()
        if not self.lock.closed:
            end_descendants(self.state)
            self.block.release()
            self.lock.close()
