"""etcd, kube-apiserver and kube-controller-manager, without a cluster around them."""

import json
import secrets
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from .process import Process, SandboxError

# What the sandbox needs of the controller manager. Not the endpoint controllers: the API server
# refuses loopback addresses in EndpointSlices.
CONTROLLERS = ("serviceaccount-controller", "serviceaccount-token-controller",
               "namespace-controller", "garbage-collector-controller")

# Writes, and lists of Services: tests count them by user agent. And all that dklb's own account
# does, where it is used.
AUDIT_POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: ["system:serviceaccount:dklb-system:dklb"]
- level: Metadata
  verbs: [list, watch]
  resources: [{group: "", resources: [services]}]
- level: None
  verbs: [get, list, watch]
- level: Metadata
"""

KUBECONFIG = """apiVersion: v1
kind: Config
clusters:
- name: sandbox
  cluster:
    server: {server}
    certificate-authority: {ca}
users:
- name: {user}
  user:
    token: {token}
contexts:
- name: sandbox
  context:
    cluster: sandbox
    user: {user}
    namespace: default
current-context: sandbox
"""


class ControlPlane:
    """A real Kubernetes API with RBAC, on one loopback address."""

    def __init__(self, state, block, programs, feature_gates="", more_controllers=(),
                 more_flags=()):
        self.state = Path(state)
        self.folder = self.state / "kubernetes"
        self.programs = Path(programs)
        self.host = block.host
        self.etcd_port = block.port(2379)
        self.peer_port = block.port(2380)
        self.port = block.port(6443)
        self.server = f"https://{self.host}:{self.port}"
        self.ca = self.folder / "certificates" / "apiserver.crt"
        self.kubeconfig = self.state / "kubeconfig"
        self.audit_log = self.folder / "audit.log"
        self.token = secrets.token_hex(16)
        self.feature_gates = feature_gates
        self.more_flags = list(more_flags)  # the API server's
        self.controller_names = (*CONTROLLERS, *more_controllers)
        self.etcd = self.apiserver = self.controllers = None

    def start(self):
        """Starts the three programs; returns when the API answers and the default account is there."""
        self._write_files()
        self.etcd = self._process("etcd", self._etcd_flags()).start()
        self.apiserver = self._process("kube-apiserver", self._apiserver_flags())
        self.controllers = self._process("kube-controller-manager", self._controller_flags())
        self.start_apiserver()
        self.controllers.start()
        self.controllers.wait_for(lambda: self.kubectl("get", "serviceaccount", "default",
                                                       check=False).returncode == 0,
                                  "the default service account")
        return self

    def start_apiserver(self):
        """Starts the API server and waits until it is ready; also to bring it back after a stop."""
        self.apiserver.start()
        self.apiserver.wait_for(self.ready, "ready")

    @property
    def processes(self):
        """In the order in which they are to be stopped."""
        return [part for part in (self.controllers, self.apiserver, self.etcd) if part]

    def ready(self):
        """Whether the API server says that it is ready."""
        if not self.ca.exists():
            return False
        try:
            with urllib.request.urlopen(
                    f"{self.server}/readyz", timeout=2,
                    context=ssl.create_default_context(cafile=str(self.ca))) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError, ssl.SSLError):
            return False

    def kubectl(self, *arguments, input=None, check=True):
        """Runs kubectl as the administrator; returns subprocess's result, output as text."""
        result = subprocess.run(
            [str(self.programs / "kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments],
            input=input, capture_output=True, text=True, timeout=120, check=False)
        if check and result.returncode != 0:
            raise SandboxError(f"kubectl {' '.join(arguments)}: {result.stderr.strip()}")
        return result

    def kubectl_json(self, *arguments):
        """The parsed answer of kubectl with -o json."""
        return json.loads(self.kubectl(*arguments, "-o", "json").stdout)

    def audit_entries(self):
        """What the audit log has so far, parsed; a line that is being written is left out."""
        text = self.audit_log.read_text(encoding="utf-8")
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def allowed(self, user, rights):
        """Which of `rights` RBAC grants a user now, by the API server's own judgement.

        A right is (verb, group, resource or resource/subresource, namespace, name), the last two
        empty for all. A role that was just written counts only once the API server has heard of it.
        """
        reviews = []
        for verb, group, resource, namespace, name in rights:
            resource, _, subresource = resource.partition("/")
            reviews.append({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                            "spec": {"user": user, "resourceAttributes": {
                                "verb": verb, "group": group, "resource": resource,
                                "subresource": subresource, "namespace": namespace, "name": name}}})
        answers = self.kubectl(
            "create", "-o", "jsonpath={.status.allowed}{'\\n'}", "-f", "-",
            input=json.dumps({"apiVersion": "v1", "kind": "List", "items": reviews})).stdout.split()
        return {right for right, answer in zip(rights, answers, strict=True) if answer == "true"}

    def _process(self, name, flags):
        return Process(name, [self.programs / name, *flags], self.state)

    def _write_files(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        key = self.folder / "service-accounts.key"
        for command in (["openssl", "genrsa", "-out", key, "2048"],
                        ["openssl", "rsa", "-in", key, "-pubout", "-out", key.with_suffix(".pub")]):
            subprocess.run(command, check=True, capture_output=True)
        self._write_secret(self.folder / "tokens.csv", f"{self.token},admin,admin,system:masters\n")
        self._write_secret(self.kubeconfig, KUBECONFIG.format(
            server=self.server, ca=self.ca, user="admin", token=self.token))
        (self.folder / "audit-policy.yaml").write_text(AUDIT_POLICY, encoding="utf-8")

    def write_kubeconfig(self, path, user, token):
        """A kubeconfig for somebody else, e.g. for a service account's token."""
        self._write_secret(Path(path), KUBECONFIG.format(server=self.server, ca=self.ca, user=user,
                                                         token=token))

    @staticmethod
    def _write_secret(path, text):
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    def _etcd_flags(self):
        client, peer = (f"http://{self.host}:{port}" for port in (self.etcd_port, self.peer_port))
        return [f"--data-dir={self.folder}/etcd", "--unsafe-no-fsync", "--log-level=warn",
                f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
                f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}"]

    def _apiserver_flags(self):
        return [f"--etcd-servers=http://{self.host}:{self.etcd_port}",
                f"--cert-dir={self.ca.parent}", f"--bind-address={self.host}",
                f"--secure-port={self.port}",
                # Only announced, never used; without it a machine with no default route fails.
                "--advertise-address=192.0.2.1",
                "--service-cluster-ip-range=10.96.0.0/12,fd00:10:96::/112",
                f"--service-account-key-file={self.folder}/service-accounts.pub",
                f"--service-account-signing-key-file={self.folder}/service-accounts.key",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--token-auth-file={self.folder}/tokens.csv", "--authorization-mode=RBAC",
                f"--audit-policy-file={self.folder}/audit-policy.yaml",
                f"--audit-log-path={self.audit_log}", f"--feature-gates={self.feature_gates}",
                *self.more_flags]

    def _controller_flags(self):
        return [f"--kubeconfig={self.kubeconfig}", f"--controllers={','.join(self.controller_names)}",
                f"--service-account-private-key-file={self.folder}/service-accounts.key",
                f"--root-ca-file={self.ca}", "--leader-elect=false", "--secure-port=0"]
