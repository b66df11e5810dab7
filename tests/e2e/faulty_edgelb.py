"""EdgeLB's API with faults for single pools: it stands between dklb and edgelb-local."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class FaultyEdgelb:
    """Forwards requests to `target`. `faults` has, by the name of a pool, what happens to requests for
    it instead: (status, message) is answered, None ends the connection without an answer."""

    def __init__(self, target):
        self.faults = {}
        where = urlsplit(target)
        faults = self.faults

        class Handler(BaseHTTPRequestHandler):
            """One request."""
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                pool = pool_of(self.path, body)
                if pool not in faults:
                    self.forward(body)
                elif faults[pool] is None:
                    self.close_connection = True
                else:
                    status, message = faults[pool]
                    self.reply(status, "application/json",
                               json.dumps({"code": status, "message": message}).encode())

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def forward(self, body):
                connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
                names = ("Content-Type", "Accept", "Authorization")
                headers = {name: self.headers[name] for name in names if name in self.headers}
                try:
                    connection.request(self.command, self.path, body or None, headers)
                    answer = connection.getresponse()
                    self.reply(answer.status, answer.headers.get("Content-Type", "text/plain"),
                               answer.read())
                finally:
                    connection.close()

            def reply(self, status, content_type, body):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer((where.hostname, 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://{where.hostname}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()


def pool_of(path, body):
    """The pool that a request is about, "" where it is about none or all."""
    parts = urlsplit(path).path.split("/")
    if len(parts) > 3 and parts[2] == "pools":
        return parts[3]
    try:
        return json.loads(body).get("name", "") if body else ""
    except (ValueError, AttributeError):
        return ""
