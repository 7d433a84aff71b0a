"""In a serving host: what recording and asking cost it, and what is known on arrival.

python -m bench.hosts latency request loop steady fuzz [--write docs/guide/serving.md]
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.hosts import arrival, day, fuzz, latency, loop, request, steady, weigh
from bench.hosts.page import FILE, figures
from bench.pages import history
from bench.pages.markdown import deliver

PARTS: Mapping[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "latency": lambda given: latency.measure(given.accounts),
    "request": lambda given: request.measure(given.requests),
    "loop": lambda given: loop.measure(given.loop_minutes),
    "fuzz": lambda given: fuzz.measure(given.hostile),
    "steady": lambda given: steady.measure(given.calls),
    "weigh": lambda given: weigh.measure(given.log),
    "day": lambda given: day.measure(given.log, given.reference),
    "arrival": lambda given: arrival.measure(given.demo, given.minutes),
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.hosts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--accounts", type=int, default=10_000_000, help="published (%(default)s)")
    parser.add_argument("--requests", type=int, default=24_000, help="to either server (%(default)s)")
    parser.add_argument("--calls", type=int, default=2_000_000, help="recorded by one process (%(default)s)")
    parser.add_argument("--demo", type=Path, default=Path("demo-output"), help="what `make demo` made (%(default)s)")
    parser.add_argument("--log", type=Path, help="of weigh: a day under canonical names; of day: what large made")
    parser.add_argument("--reference", type=Path, help="of day: what large made")
    parser.add_argument("--loop-minutes", type=float, default=60.0, help="of steady traffic (%(default)s)")
    parser.add_argument("--hostile", type=int, default=1_000_000, help="calls of fuzz (%(default)s)")
    parser.add_argument("--minutes", type=float, default=15.0, help="between two weighings (%(default)s)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="keep the row and fill this page")
    chosen = parser.parse_args()
    row = history.begin(f"python -m bench.hosts {' '.join(chosen.parts)}")
    for part in chosen.parts:
        row[part] = PARTS[part](chosen)
        print(part, json.dumps(row[part], indent=1), flush=True)
    if chosen.write is not None:
        history.append(row, FILE)
        deliver(figures(), chosen.write)


if __name__ == "__main__":
    main()
