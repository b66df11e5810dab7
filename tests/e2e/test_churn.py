"""What a long life of the release program costs."""

import os
import subprocess

from sandbox.cluster import RELEASE

PROGRAM = RELEASE.parent.parent / "dev" / "bin" / "churn_tests"


def test_memory_stays_flat_while_ten_thousand_services_come_and_go():
    result = subprocess.run([str(PROGRAM)], capture_output=True, text=True, timeout=300, check=False,
                            env={**os.environ, "DKLB_PROGRAM": str(RELEASE / "dklb")})
    assert result.returncode == 0, result.stdout + result.stderr
