"""Child processes, and waiting for what they do. Nothing that is started here outlives its owner."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
# Every descendant inherits it, so that a left-over one is found whoever its parent is by now.
MARKER = "DKLB_SANDBOX_STATE"


class SandboxError(Exception):
    """A part of the sandbox failed. `log` is the file that says more, where there is one."""

    def __init__(self, message, log=None):
        super().__init__(message)
        self.log = log

    def report(self, lines=30):
        """The message, and the log's last lines below it."""
        text = str(self)
        if self.log and Path(self.log).exists():
            tail = Path(self.log).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
            text += f"\nThe last lines of {self.log}:\n" + "\n".join(f"  {line}" for line in tail)
        return text


def wait_until(condition, what, timeout, check=None, interval=0.1):
    """The first true value of `condition()`; a SandboxError naming `what` after `timeout` seconds.

    `check()` is called in between and may raise, e.g. because a process has died.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if check:
            check()
        if time.monotonic() > deadline:
            raise SandboxError(f"{what}: not within {timeout:g} s")
        time.sleep(interval)


class Process:
    """One part of the sandbox: a program with its log file, in a session of its own."""

    def __init__(self, name, command, state, environment=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.log = Path(state) / "logs" / f"{name}.log"
        self.environment = {**os.environ, **(environment or {}), MARKER: str(state)}
        self.child = None

    def start(self):
        """Starts the program; what it says goes to the end of the log."""
        if not os.access(self.command[0], os.X_OK):
            raise SandboxError(f"{self.command[0]} is not there: run `make build`")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, preexec_fn=end_with_parent)
        return self

    @property
    def running(self):
        """Whether the program was started and has not ended."""
        return self.child is not None and self.child.poll() is None

    def check(self):
        """Raises where the program has ended although nobody asked it to."""
        if self.child is not None and self.child.poll() is not None:
            raise SandboxError(f"{self.name} ended with status {self.child.returncode}", self.log)

    def wait_for(self, condition, what, timeout=180):
        """Waits for the program to get somewhere; fails at once when it ends."""
        try:
            return wait_until(condition, f"{self.name}: {what}", timeout, self.check)
        except SandboxError as error:
            error.log = self.log
            raise

    def signal(self, number):
        """Sends a signal to the program alone."""
        self.child.send_signal(number)

    def stop(self, grace=20):
        """Asks the program to end, insists after `grace` seconds; returns its exit status."""
        if self.child is None:
            return None
        child, self.child = self.child, None
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(grace)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        return child.returncode

    def kill(self):
        """Ends the program as a crash would."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None


def end_with_parent():
    """For a child before its program starts: it is asked to end when its parent does."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_descendants(state, grace=5):
    """Ends whatever still carries the marker of this state folder; returns what it was."""
    found = marked(state)
    for pid in found:
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while marked(state) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in marked(state):
        _send(pid, signal.SIGKILL)
    return sorted(found.values())


def _send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def marked(state):
    """The processes that carry the marker of this state folder: names by process ID."""
    wanted = f"{MARKER}={state}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found[int(entry.name)] = (entry / "comm").read_text().strip()
        except OSError:  # it ended, or it is somebody else's
            continue
    return found
