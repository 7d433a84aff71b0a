"""Size of the report and time until it can be used, with as many findings and flagged accounts as asked.

    python -m bench.report --findings 500 --flagged 100000

The browser says itself when its page was ready: milliseconds of the wall clock since it was asked for.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from websockets.sync.client import connect

from bench.report.large import write
from gauger.report import write_report

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --remote-debugging-port=0"
).split()
SECONDS_MOST = 60


def ready_ms(report: Path, profile: Path) -> int:
    """Milliseconds from asking for the page to all its lists drawn."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    command = [chromium, *FLAGS, f"--user-data-dir={profile}", report.as_uri()]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            return _asked(profile / "DevToolsActivePort")
        finally:
            browser.terminate()


def _asked(port_file: Path) -> int:
    end = time.monotonic() + SECONDS_MOST
    while time.monotonic() < end:
        time.sleep(0.5)
        if not port_file.exists():
            continue
        port = port_file.read_text().splitlines()[0]
        pages = json.load(urlopen(f"http://127.0.0.1:{port}/json", timeout=10))
        address = next((one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page"), None)
        if address is None:
            continue
        with connect(address, max_size=None) as socket:
            expression = "document.documentElement.dataset.ready || ''"
            socket.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": {"expression": expression}}))
            if said := json.loads(socket.recv())["result"]["result"]["value"]:
                return int(said)
    raise RuntimeError(f"the page was not ready within {SECONDS_MOST} seconds")


def main() -> None:
    """Write the run, write its report, open it some times, and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=500)
    parser.add_argument("--flagged", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=200_000)
    parser.add_argument("--keep", type=Path, help="a folder for the run, kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        out = write(given.keep or Path(folder) / "out", given.findings, given.flagged, given.others)
        began = time.perf_counter()
        report = write_report(out)
        took = time.perf_counter() - began
        times = sorted(ready_ms(report, Path(folder) / f"profile-{one}") for one in range(5))
        size = report.stat().st_size / 1e6
    print(f"{size:.1f} MB, written in {took:.1f} s, ready after {times[2]:,} ms (median of 5: {times})")


if __name__ == "__main__":
    main()
