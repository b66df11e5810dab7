"""edgelb-local on real IPv6 addresses, in a network namespace that goes with the test."""

import contextlib
import fcntl
import http.server
import json
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
API = "http://127.0.0.1:8088"


def test_agents_of_an_ipv6_range_serve_it(tmp_path):
    command = ["unshare", "--net", "--map-root-user", sys.executable, __file__, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    endpoint = found["metadata"]["frontends"][0]["endpoints"][0]
    assert endpoint == {"port": 7000, "private": ["127.0.64.2", "fd00::2"],
                        "public": ["127.0.64.6", "fd00::6"]}
    assert found["answers"] == {address: "here" for address in
                                ("127.0.64.2", "127.0.64.6", "fd00::2", "fd00::6")}
    assert found["refused"]["code"] == 400
    assert found["refused"]["message"] == (
        'no machine of role "slave_public" has the address fd00::77; '
        'free are: fd00::6, fd00::2')


# What follows runs inside of the namespace.

def bring_up(addresses):
    """Switches the loopback device on, and gives it IPv6 addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.pack("16sH14x", b"lo", 0x1 | 0x8 | 0x40)  # up, loopback, running
        fcntl.ioctl(control, 0x8914, flags)  # SIOCSIFFLAGS
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        for address in addresses:
            raw = socket.inet_pton(socket.AF_INET6, address)
            fcntl.ioctl(control, 0x8916, struct.pack("16sIi", raw, 128, 1))  # SIOCSIFADDR


class Here(http.server.BaseHTTPRequestHandler):
    """The server behind the pool."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, *_):
        pass


class WideServer(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


def call(url, body=None):
    """The status and the parsed answer of a request."""
    data = json.dumps(body).encode() if body is not None else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return json.loads(error.read())


def pool(name, address, modifier, port):
    """A pool on a machine with both families, whose server has IPv6."""
    return {"name": name, "haproxy": {
        "frontends": [{"name": name, "protocol": "TCP", "bindAddress": address,
                       "bindModifier": modifier, "bindPort": port,
                       "linkBackend": {"defaultBackend": name}}],
        "backends": [{"name": name, "protocol": "TCP", "services": [
            {"endpoint": {"type": "ADDRESS", "address": "::1", "port": 8000}}]}]}}


def ready():
    """Whether edgelb-local answers."""
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{API}/ping", timeout=1) as answer:
        return answer.status == 200
    return False


def main(state):
    bring_up([f"fd00::{number}" for number in range(1, 8)])
    server = WideServer(("::1", 8000), Here)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(f"{state}/log", "wb") as log:
        edgelb = subprocess.Popen(
            [ROOT / "build/release/bin/edgelb-local", "--listen=127.0.0.1:8088",
             f"--state-dir={state}/edgelb", "--agents=127.0.64.0/29,fd00::/125",
             "--stop-instances-on-exit"], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.05)
        call(f"{API}/v2/pools", pool("both", "::", "v4v6", 7000))
        found = {"metadata": call(f"{API}/v2/pools/both/metadata"), "answers": {}}
        endpoint = found["metadata"]["frontends"][0]["endpoints"][0]
        for address in endpoint["private"] + endpoint["public"]:
            host = f"[{address}]" if ":" in address else address
            with urllib.request.urlopen(f"http://{host}:7000/", timeout=10) as answer:
                found["answers"][address] = answer.read().decode()
        found["refused"] = call(f"{API}/v2/pools", pool("fixed", "fd00::77", "", 7001))
        print(json.dumps(found))
    finally:
        edgelb.terminate()
        edgelb.wait()


if __name__ == "__main__":
    main(sys.argv[1])
