"""Waits until ``gauger serve`` has weighed so many calls, and says what it found: ``python told.py FINDINGS CALLS``."""

import json
import sys
import time
from pathlib import Path

WAIT_SECONDS = 300


def told(findings: Path, calls: int) -> str:
    """What the last weighing says."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for manifest in findings.glob("2*/manifest.json"):
            found = json.loads(manifest.read_text())
            if found["scored"] >= calls:
                return f"{found['scored']} calls of {found['accounts']} accounts weighed: {manifest.parent}"
        time.sleep(1)
    raise SystemExit("the calls were not weighed in time")


if __name__ == "__main__":
    print(told(Path(sys.argv[1]), int(sys.argv[2])))
