"""The command ``gauger`` with small segments, units and learning, so that a small day has many parts.

Run by ``bench.days.kills`` as ``python -m bench.days.small_parts STAGE_FILE ARGUMENTS``. The stage it is in is the last
line of STAGE_FILE.
"""

import sys
from functools import partial, wraps
from pathlib import Path
from typing import Any

from gauger.batch import inputs
from gauger.batch import score as scoring
from gauger.commands import main as cli
from gauger.engine.common import shards
from gauger.engine.plan import measure

SEGMENT_ROWS = 8_000
BLOCK_ROWS = 4_000
BATCH_ROWS = 8_000  # of the log, read at a time
UNIT_CALLS = 8_000
LEARNT_FROM = 500  # accounts of the reference; at most twice as many of the day, the others are swept
ALARM_LEVEL = "0.01"  # that so few can support


def make_small() -> None:
    """Make the parts of this process small."""
    measure.SEGMENT_ROWS, measure.BLOCK_ROWS = SEGMENT_ROWS, BLOCK_ROWS
    shards._UNIT_CALLS = UNIT_CALLS
    inputs.read = partial(inputs.read, batch_rows=BATCH_ROWS)
    cli.Settings = partial(cli.Settings, reference_accounts_max=LEARNT_FROM, reference_accounts_min=LEARNT_FROM // 2)


def tell_stage(file: Path) -> None:
    """Have ``score`` add the name of each stage to a file as it begins."""
    plain, stage = scoring.score, ""

    @wraps(plain)
    def score(*given: Any, **named: Any) -> Any:
        def progress(name: str, done: int, total: int) -> None:
            nonlocal stage
            if name != stage:
                stage = name
                with file.open("a") as opened:
                    opened.write(f"{name}\n")

        return plain(*given, **(named | {"progress": progress}))

    scoring.score = score


if __name__ == "__main__":
    make_small()
    tell_stage(Path(sys.argv[1]))
    sys.argv = ["gauger", *sys.argv[2:]]
    cli.main()
