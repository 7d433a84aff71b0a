"""How accurate the sketches are, beside theory and the libraries. Run as ``python -m bench.accuracy FILE``: JSON."""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

from bench.accuracy import counts as accuracy_counts
from bench.accuracy import distinct as accuracy_distinct
from bench.accuracy import minhash as accuracy_minhash
from bench.accuracy import templates as accuracy_templates

# As the contests call them.
MINHASH, DISTINCT, COUNTS, TEMPLATES = "MinHash", "distinct words", "word counts", "template matching"


def measure(share: float = 1.0) -> dict[str, list[dict[str, object]]]:
    """All of it; ``share`` is that of the full number of trials (at least a few)."""

    def trials(count: int) -> int:
        return max(4, round(share * count))

    return {
        MINHASH: accuracy_minhash.measure(trials(accuracy_minhash.TRIALS)),
        DISTINCT: accuracy_distinct.measure(trials(accuracy_distinct.TRIALS)),
        COUNTS: accuracy_counts.measure(trials(accuracy_counts.TRIALS)),
        TEMPLATES: accuracy_templates.measure(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="where the figures go")
    parser.add_argument("--share", type=float, default=1.0, help="share of the trials (default: all)")
    chosen = parser.parse_args(arguments)
    began = time.perf_counter()
    figures = measure(chosen.share)
    chosen.file.write_text(json.dumps(figures) + "\n")
    print(f"accuracy: {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
