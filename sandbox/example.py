"""The redis example of the guide, played as a user would type it: every command and its output."""

import os
import pty
import select
import subprocess
import time

from sandbox.cluster import SandboxError, wait_until

POOL = "dklb-redis"
PORT = 16379
# EdgeLB may take its time; the sandbox answers within seconds.
TIMEOUT = 120

CREATE_POD = """cat <<EOF | kubectl create -f -
apiVersion: v1
kind: Pod
metadata:
  labels:
    app: redis
  name: redis
spec:
  containers:
  - name: redis
    image: redis:5.0.3
    ports:
    - name: redis
      containerPort: 6379
      protocol: TCP
EOF"""

CREATE_SERVICE = """cat <<EOF | kubectl create -f -
apiVersion: v1
kind: Service
metadata:
  annotations:
    kubernetes.dcos.io/dklb-config: |
      name: dklb-redis
      frontends:
      - port: 16379
        servicePort: 6379
  labels:
    app: redis
  name: redis
spec:
  type: LoadBalancer
  selector:
    app: redis
  ports:
  - protocol: TCP
    port: 6379
    targetPort: 6379
EOF"""

GET_POD = 'kubectl get pod --selector "app=redis"'
GET_SERVICE = 'kubectl get svc --selector "app=redis"'
# What the user says to redis through telnet, and what is heard then.
CONVERSATION = [("SET foo bar", "+OK\r\n"),
                ("GET foo", "$3\r\nbar\r\n"),
                ("QUIT", "+OK\r\nConnection closed by foreign host.\r\n")]


class Example:
    """Plays the guide's example in a sandbox that is up. `show` prints a piece of the transcript."""

    def __init__(self, sandbox, show):
        self.sandbox = sandbox
        self.show = show

    def set_up(self):
        """Pod, service, address, pool and a conversation with redis."""
        self.run(CREATE_POD)
        self.wait("the redis pod is running", self._pod_ready)
        self.run(GET_POD)
        self.run(CREATE_SERVICE)
        self.run(GET_SERVICE)
        address = self.wait("the redis service has an address", self.address)
        self.run(GET_SERVICE)
        pools = self.run(self.list_pools)
        if not any(line.split()[:1] == [POOL] and str(PORT) in line.replace(",", " ").split()
                   for line in pools.splitlines()):
            raise SandboxError(f"the pool list has no {POOL} with port {PORT}",
                               self.sandbox.edgelb.log)
        self.talk(address)

    def take_down(self):
        """The guide's clean-up; afterwards the pool is gone."""
        self.run("kubectl delete svc redis")
        self.run("kubectl delete pod redis")
        self.wait(f"the pool {POOL} is gone",
                  lambda: self.sandbox.get(f"{self.sandbox.edgelb_url}/v2/pools/{POOL}")[0] == 404)
        self.run(self.list_pools)

    @property
    def list_pools(self):
        """The command that stands for `dcos edgelb list`."""
        return f"edgelb-local list --url {self.sandbox.edgelb_url}"

    def address(self):
        """The service's public address, "" while there is none. Private ones come before it."""
        addresses = self.sandbox.kubectl(
            "get", "svc", "redis", "-o",
            "jsonpath={.status.loadBalancer.ingress[*].ip}").stdout.split()
        return addresses[-1] if addresses else ""

    def _pod_ready(self):
        return self.sandbox.kubectl(
            "get", "pod", "redis", "-o",
            'jsonpath={.status.conditions[?(@.type=="Ready")].status}').stdout.strip() == "True"

    def run(self, command):
        """Shows a command, runs it in a shell, shows and returns its output."""
        self.show(f"$ {command}\n")
        try:
            result = subprocess.run(["bash", "-c", command], env=self.sandbox.environment(),
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT,
                                    check=False)
        except subprocess.TimeoutExpired:
            raise self.failure(f"not done within {TIMEOUT} s: {command}") from None
        self.show(result.stdout)
        if result.returncode != 0:
            self.sandbox.check()
            raise self.failure(f"exit status {result.returncode}: {command}")
        return result.stdout

    def wait(self, what, condition):
        """Waits for a condition; what does not come is a failure()."""
        try:
            return wait_until(condition, what, TIMEOUT, self.sandbox.check)
        except SandboxError as error:
            if error.log is not None:  # a part has ended
                raise
            raise self.failure(str(error)) from None

    def failure(self, what):
        """An error with all that Kubernetes and dklb know about the example."""
        described = self.sandbox.kubectl("describe", "pod,svc", "--selector=app=redis",
                                         check=False).stdout
        return SandboxError(f"{what}\n{described}", self.sandbox.dklb.log)

    def talk(self, address):
        """Says the guide's lines to redis through a real telnet and checks the answers."""
        command = ["telnet", address, str(PORT)]
        self.show(f"$ {' '.join(command)}\n")
        # On a terminal of its own, as a user has it: telnet then speaks line by line.
        terminal, its_side = pty.openpty()
        telnet = subprocess.Popen(command, stdin=its_side, stdout=its_side, stderr=its_side)
        os.close(its_side)
        try:
            self._hear(terminal, "Escape character is '^]'.\r\n")
            for line, answer in CONVERSATION:
                os.write(terminal, f"{line}\n".encode())
                self._hear(terminal, f"{line}\r\n{answer}")
        finally:
            telnet.kill()
            telnet.wait()
            os.close(terminal)

    def _hear(self, terminal, expected, timeout=20):
        """Reads and shows what telnet says until that ends in what is expected."""
        heard, deadline = "", time.monotonic() + timeout
        while not heard.endswith(expected):
            left = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([terminal], [], [], left)
            try:
                piece = os.read(terminal, 4096).decode(errors="replace") if ready else ""
            except OSError:  # telnet has ended
                piece = ""
            if not piece:
                raise SandboxError(f"telnet: expected {expected!r}, heard {heard!r}",
                                   self.sandbox.edgelb.log)
            heard += piece
        self.show(heard.replace("\r\n", "\n"))
