"""The benchmark against a real API server runs, and every row of it says something."""

import json
import subprocess
from xml.etree import ElementTree

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


def test_the_curves_of_a_key_are_drawn(tmp_path):
    result = subprocess.run(
        [str(ROOT / "tools" / "tuning"), "--services=20", "--pairs=1", f"--folder={tmp_path}",
         "--only=concurrency.edgelbInFlight"],
        capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
    results = json.loads((tmp_path / "points.json").read_text(encoding="utf-8"))
    points = results["concurrency.edgelbInFlight"]["points"]
    assert [point["value"] for point in points] == [1, 2, 4, 8, 16, 32, 64]
    seconds = [point["until all have an address, s"][0] for point in points]
    # 20 pools with 50 ms a request: one at a time is slower than all at once, on any machine.
    assert seconds[0] > 2 * seconds[-1], seconds
    drawing = ElementTree.parse(tmp_path / "concurrency.edgelbInFlight.svg").getroot()
    assert len(drawing.findall("{http://www.w3.org/2000/svg}circle")) == 3 * len(points)
