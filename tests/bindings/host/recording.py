"""What tests of recorders share: calls, counts that add up, and what is in a spool."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gauger.engine.common.secret import Secret
from gauger.engine.segments.spool import SpoolReader
from gauger.host.recorder import Counts, Recorder

SECRET = Secret(b"0123456789abcdef")


def call(number: int, **changes: Any) -> dict[str, Any]:
    """A sound call of an account of its own."""
    return {"account_id": f"a-{number}", "prompt_text": f"describe {number} lanterns by the river", **changes}


def adds_up(counts: Counts) -> bool:
    """Whether every call that was offered is accounted for."""
    known = counts.recorded + counts.waiting + sum(counts.refused.values()) + sum(counts.dropped.values())
    return counts.offered == known


def accounts_in(folder: Path) -> Counter[str]:
    """Calls of each account in the files of a spool, open ones included."""
    found = Counter[str]()
    for path in folder.iterdir():
        for part in SpoolReader(path, SECRET).calls():
            found.update([] if part.batch is None else part.batch.account_ids.to_pylist())
    return found


def until(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Wait until something holds; whether it did in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def recorder(folder: Path, **given: Any) -> Recorder:
    """A recorder under the key of these tests."""
    return Recorder(folder, key=SECRET, **given)
