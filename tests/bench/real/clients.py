"""The programs that are measured, and the double of EdgeLB that dklb is measured with."""

import json
import os
import subprocess
import time

from certificates import SecretVolume  # tests/e2e
from sandbox.cluster import RELEASE, SandboxError, wait_until
from sandbox.cluster.process import MARKER, end_with_parent

READY = 60


class Helper:
    """A program of the benchmark that talks over its standard input and output."""

    def __init__(self, sandbox, name, *arguments):
        if not os.access(RELEASE / name, os.X_OK):
            raise SandboxError(f"{RELEASE / name} is not there: run `make bench`")
        log = sandbox.state / "logs" / f"{name}.log"
        environment = {**os.environ, MARKER: str(sandbox.state),
                       "BENCH_TOKEN": sandbox.control_plane.token}
        with open(log, "ab") as errors:
            self.child = subprocess.Popen(
                [RELEASE / name, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=True, env=environment, preexec_fn=end_with_parent)
        self.said = self.child.stdout.readline().strip()
        if not self.said:
            raise SandboxError(f"{name} ended at once", log)

    def ask(self, line):
        """Its answer to a line."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().strip()

    def stop(self):
        """Ends it."""
        self.child.terminate()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()


class Floor:
    """The least that a client can do: list, watch, one status patch a Service."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.helper = None

    def start(self):
        """Starts it."""
        control_plane = self.cluster.sandbox.control_plane
        self.helper = Helper(self.cluster.sandbox, "bench_floor",
                             f"--server={control_plane.server}", f"--ca={control_plane.ca}")

    def wait_ready(self):
        """It is: it says so before start() returns."""

    def check(self):
        """Raises where it has ended."""
        if self.helper.child.poll() is not None:
            raise SandboxError("bench_floor ended",
                               self.cluster.sandbox.state / "logs" / "bench_floor.log")

    @property
    def pid(self):
        """Its process ID."""
        return self.helper.child.pid

    def close(self):
        """Ends it."""
        if self.helper:
            self.helper.stop()
            self.helper = None


class Dklb:
    """The release program with its own EdgeLB, which forgets its pools with close(). `settings`:
    sections of its configuration file; `edgelb_delay`: seconds before each answer of EdgeLB."""

    def __init__(self, cluster, program, webhook=False, settings=None, edgelb_delay=0):
        self.cluster = cluster
        self.sandbox = cluster.sandbox
        self.edgelb = Helper(self.sandbox, "bench_edgelb", f"{1000 * edgelb_delay:.0f}")
        settings = {**(settings or {}), "edgelb": {"url": self.edgelb.said}}
        self.webhook = webhook
        if webhook:
            settings["webhook"] = self._webhook_settings()
        self.process = self.sandbox.make_dklb("dklb", self.sandbox.introspection, **settings)
        self.run_next(program)

    def _webhook_settings(self):
        host, port = self.sandbox.block.host, self.sandbox.block.port(8443)
        folder = self.sandbox.state / f"webhook-{time.monotonic_ns()}"
        folder.mkdir()
        volume = SecretVolume(folder, host)
        return {"enabled": True, "register": True, "listen": f"{host}:{port}",
                "url": f"https://{host}:{port}", "certFile": volume.path("tls.crt"),
                "keyFile": volume.path("tls.key"), "caFile": volume.path("ca.crt")}

    def run_next(self, program):
        """Another build of dklb, from the next start on."""
        self.process.command[0] = str(program)

    def start(self):
        """Starts it; returns at once."""
        self.process.start()
        self.cluster.prefer(self.pid)

    def wait_ready(self):
        """Returns when it is ready, and asked as a webhook where it is one."""
        ready = f"{self.sandbox.introspection}/readyz"
        self.process.wait_for(lambda: self.sandbox.get(ready)[0] == 200, "ready", READY)
        if self.webhook:
            wait_until(self._asked, "the API server asks the webhook", READY, self.check)

    def _asked(self):
        wrong = self.cluster.manifest(0, annotation="size: 0\n")
        path = f"{self.cluster.services}?dryRun=All"
        return "size" in json.loads(
            self.cluster.api.call("POST", path, wrong, allowed=range(400, 500))).get("message", "")

    def check(self):
        """Raises where it has ended."""
        self.process.check()

    @property
    def pid(self):
        """Its process ID."""
        return self.process.child.pid

    def pool_writes(self, pool=""):
        """Writes that EdgeLB has answered so far, to one pool or to all."""
        return int(self.edgelb.ask(pool))

    def stop(self):
        """Ends dklb in order; EdgeLB stays."""
        self.process.stop()

    def close(self):
        """Ends dklb and EdgeLB, and takes the webhook's registration away."""
        self.stop()
        self.edgelb.stop()
        if self.webhook:
            for kind in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
                self.cluster.api.call(
                    "DELETE", f"/apis/admissionregistration.k8s.io/v1/{kind}/dklb")
            time.sleep(1)  # until the API server has heard of it
