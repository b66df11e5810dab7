"""The benchmark against a real API server runs, and every row of it says something."""

import subprocess

from sandbox.cluster import ROOT


def test_every_row_has_a_number():
    result = subprocess.run([str(ROOT / "tools" / "bench"), "--services=20", "--pairs=1"],
                            capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in result.stdout.splitlines() if line.startswith("|")][2:]
    assert len(rows) == 31, result.stdout
    for row in rows:
        float(row[1].split()[0])
    # Counts do not depend on the machine.
    counts = {row[0].removeprefix("the same: "): row[1] for row in rows}
    assert counts["writes a Service, status"] == "1"
