"""A day from a spool beside the same day from its log: the tables, the time, the memory."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from gauger.engine.common.secret import Secret
from gauger.engine.common.settings import Settings
from gauger.host.limits import Limits
from gauger.host.spooling import Spooling
from gauger.host.taking import take

_FRAME = 1_000  # calls a frame: what a busy worker has in half a second
_TABLES = ("accounts", "campaigns")
_RUN = """
import json, resource, sys, time
from pathlib import Path
from gauger.batch.score import score
from gauger.engine.plan.local import Local
from gauger.engine.reference.directory import StateDirectory
start = time.monotonic()
run = score([sys.argv[1]], Path(sys.argv[2]), state=StateDirectory(Path(sys.argv[3])), local=Local(fresh=True))
spent = resource.getrusage(resource.RUSAGE_SELF)
found = {"seconds": round(time.monotonic() - start, 1), "cpu_seconds": round(spent.ru_utime + spent.ru_stime, 1)}
print(json.dumps(found | {"peak_gib": round(spent.ru_maxrss / 2**20, 2), "scored": run.manifest["scored"]}))
"""


def measure(log: Path) -> dict[str, Any]:
    """log : a day under canonical names, a file or a folder of Parquet"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ("log", "spool"):
            (folder / f"state-{kind}").mkdir(mode=0o700)
            secret = Secret(b"0123456789abcdef")
            Secret.from_file(folder / f"state-{kind}" / "key", secret)
        files, calls, spent = Spooling(folder / "spool", secret, Settings(), Limits()), 0, 0.0
        for path in sorted(log.rglob("*.parquet")) if log.is_dir() else [log]:
            for batch in pq.ParquetFile(path).iter_batches(_FRAME):
                taken = [take(row)[0] for row in batch.to_pylist()]
                start = time.thread_time()
                calls += files.write(taken).recorded
                spent += time.thread_time() - start
                files.rotate()
        files.complete({})
        found: dict[str, Any] = {"calls": calls, "measuring_cpu_us": round(1e6 * spent / calls, 1)}
        size = sum(path.stat().st_size for path in (folder / "spool").glob("*.segment"))
        found["spool_bytes_a_call"] = round(size / calls)
        for kind, source in (("log", log), ("spool", folder / "spool")):
            words = [sys.executable, "-c", _RUN, str(source), str(folder / kind / "out"), str(folder / f"state-{kind}")]
            (folder / kind).mkdir(exist_ok=True)
            found[kind] = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
        pairs = [[folder / kind / "out" / f"{one}.parquet" for kind in ("log", "spool")] for one in _TABLES]
        found["same_tables"] = all(pq.read_table(left).equals(pq.read_table(right)) for left, right in pairs)
    return found
