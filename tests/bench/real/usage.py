"""What a process has used, and who goes first, by /proc."""

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of all threads so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def megabytes(pid, name):
    """A size of /proc/PID/status, such as RssAnon, in MB (10^6 bytes)."""
    return _status(Path(f"/proc/{pid}/status"), name) * 1024 / 1e6


def voluntary_switches(pid):
    """Voluntary context switches so far of the threads that run now."""
    count = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            count += _status(task / "status", "voluntary_ctxt_switches")
        except FileNotFoundError:  # it has ended meanwhile
            continue
    return count


def go_first(pid, first=True):
    """Lets the session of a process go before others, or no longer. With the kernel's autogroups,
    which are usual, niceness counts only inside of a session. Needs root."""
    group = Path(f"/proc/{pid}/autogroup")
    if group.exists():
        group.write_text("-15" if first else "0", encoding="utf-8")


def _status(path, name):
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise KeyError(f"{path} has no {name}")
