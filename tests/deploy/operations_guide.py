"""The commands of docs/operations.md, taken from the page and run as they stand there."""

import os
import re
import subprocess

from rendering import ROOT

OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
# No kubelet runs here: a Deployment never becomes ready, and no port of a pod is forwarded.
NEEDS_KUBELET = ("rollout status", "port-forward")


def commands(heading, without=("curl ",)):
    """The command blocks of a section, without the lines that need a kubelet, or what `without`
    names."""
    section = re.search(rf"^##+ {heading}\n(.*?)(?=^##+ |\Z)", OPERATIONS, re.M | re.S).group(1)
    blocks = re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", section, re.M | re.S)
    return ["".join(line.removeprefix(indent) for line in block.splitlines(keepends=True)
                    if not any(word in line for word in (*NEEDS_KUBELET, *without)))
            for indent, language, block in blocks if not language]


def run(cluster, folder, block, check=True, **placeholders):
    """Runs a block with placeholders such as NAME replaced; the result of subprocess."""
    for name, value in placeholders.items():
        block = re.sub(rf"\b{name.upper()}\b", value, block)
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], cwd=folder, capture_output=True, text=True,
        timeout=120, check=False,
        env={**os.environ, "KUBECONFIG": str(cluster.kubeconfig),
             "PATH": f"{cluster.programs}:{os.environ['PATH']}"})
    assert not check or result.returncode == 0, block + result.stdout + result.stderr
    return result
