"""One kept-alive connection to the API server, and what its audit log says about writes."""

import http.client
import json
import ssl
import time

IDLE = 30  # seconds; the API server ends a connection that nobody used for 90
MERGE = "application/merge-patch+json"
# What a controller writes for a Service: verbs, resource, subresource.
KINDS = {"patch": (("patch", "update"), "services", ""),
         "status": (("patch", "update"), "services", "status"),
         "event": (("create", "patch", "update"), "events", "")}
CLIENTS = ("dklb/", "bench-floor/")  # the API server itself writes events, too


class ApiError(RuntimeError):
    """The API server refused a request."""


class Api:
    """Requests one after the other over one connection with TLS, as the administrator."""

    def __init__(self, control_plane):
        self.headers = {"Authorization": f"Bearer {control_plane.token}",
                        "User-Agent": "dklb-bench"}
        self.connection = http.client.HTTPSConnection(
            control_plane.host, control_plane.port, timeout=600,
            context=ssl.create_default_context(cafile=str(control_plane.ca)))
        self.used = 0.0

    def answer(self, method, path, body=None, content_type="application/json"):
        """The answer as it comes: http.client.HTTPResponse, whatever its status."""
        headers = self.headers if body is None else {**self.headers, "Content-Type": content_type}
        if time.monotonic() - self.used > IDLE:
            self.connection.close()  # the request opens it again
        self.used = time.monotonic()
        self.connection.request(method, path, body, headers)
        return self.connection.getresponse()

    def call(self, method, path, body=None, content_type="application/json", allowed=()):
        """The body of a success, or of a status in `allowed`; else an ApiError."""
        response = self.answer(method, path, body, content_type)
        text = response.read()
        if response.status >= 300 and response.status not in allowed:
            raise ApiError(f"{method} {path}: {response.status} {text.decode()[:300]}")
        return text

    def json(self, path):
        """A parsed GET."""
        return json.loads(self.call("GET", path))

    def close(self):
        """Ends the connection."""
        self.connection.close()


class Audit:
    """Writes about Services by the programs that are measured, after the API server's audit log."""

    def __init__(self, control_plane):
        self.log = control_plane.audit_log

    def mark(self):
        """A place in the log: now."""
        return self.log.stat().st_size

    def writes(self, since):
        """The writes since a mark, by kind."""
        counts = dict.fromkeys(KINDS, 0)
        with open(self.log, encoding="utf-8") as log:
            log.seek(since)
            for line in log:
                entry = json.loads(line)
                if not entry["userAgent"].startswith(CLIENTS):
                    continue
                about = entry["objectRef"]
                for kind, (verbs, resource, subresource) in KINDS.items():
                    if entry["verb"] in verbs and about["resource"] == resource \
                            and about.get("subresource", "") == subresource:
                        counts[kind] += 1
        return counts
