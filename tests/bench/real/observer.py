"""A process of its own that watches Services and notes when each has an address.

Of its own, so that it does not take turns with whoever creates them. Times are time.monotonic(),
which all processes of a machine share.
"""

import multiprocessing
import os
import re
import select
import struct
import time

from .api import Api

NAME = re.compile(rb'"metadata":\{"name":"[a-z]+-(\d+)"')
ADDRESS = b'"ingress":[{'
NOTE = struct.Struct("=Id")  # the number of a Service, and when its address was seen
READY = 0xFFFFFFFF


class Observer:
    """`with Observer(control_plane, path) as seen:`; what has an address already does not count."""

    def __init__(self, control_plane, path):
        self.times = {}
        self.notes, writing = os.pipe()
        self.child = multiprocessing.get_context("fork").Process(
            target=_watch, args=(control_plane, path, writing), daemon=True)
        self.child.start()
        os.close(writing)

    def __enter__(self):
        self.wait_for([READY], 30)
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.join()
        os.close(self.notes)

    def take(self, timeout=0.0):
        """Notes what the process has seen; waits for it at most `timeout` seconds."""
        while select.select([self.notes], [], [], timeout)[0]:
            notes = os.read(self.notes, NOTE.size * 1024)
            if not notes:
                raise RuntimeError("the watch of the benchmark has ended")
            for number, seen in NOTE.iter_unpack(notes):
                self.times.setdefault(number, seen)
            timeout = 0.0

    def wait_for(self, numbers, timeout, check=lambda: None):
        """When the last of these Services had its address. `check()` may raise meanwhile."""
        missing, deadline = set(numbers), time.monotonic() + timeout
        while True:
            missing.difference_update(self.times)
            if not missing:
                return max(self.times[number] for number in numbers)
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(missing)} Services have no address after {timeout} s")
            check()
            self.take(0.2)


def _watch(control_plane, path, writing):
    api = Api(control_plane)
    version = api.json(f"{path}?limit=1")["metadata"]["resourceVersion"]
    stream = api.answer("GET", f"{path}?watch=1&timeoutSeconds=3600&resourceVersion={version}")
    os.write(writing, NOTE.pack(READY, time.monotonic()))
    served, rest = set(), b""
    while piece := stream.read1(1 << 18):
        now = time.monotonic()
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if ADDRESS in line:
                number = int(NAME.search(line).group(1))
                if number not in served:
                    served.add(number)
                    os.write(writing, NOTE.pack(number, now))
