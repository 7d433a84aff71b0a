"""Fills the figures of the pages from what was measured, measuring nothing: ``python -m bench.pages [NAME ...]``."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.days import page as days
from bench.detection import page as detection
from bench.families import page as families
from bench.findings import page as verdicts
from bench.hosts import page as hosts
from bench.pages.markdown import deliver
from bench.robustness import page as robustness
from bench.speed import page as speed
from bench.statistics import page as statistics
from bench.tracing import page as tracing

DOCUMENTS = Path(__file__).parents[2] / "docs"
PAGES: Mapping[str, Callable[[], dict[str, str]]] = {
    "days": days.figures,
    "detection": detection.figures,
    "families": families.figures,
    "guide/serving": hosts.figures,
    "performance": speed.figures,
    "robustness": robustness.figures,
    "statistics": statistics.figures,
    "tracing": tracing.figures,
    "verdicts": verdicts.figures,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PAGES)} (default: all)")
    chosen = parser.parse_args(arguments)
    for name in chosen.names or PAGES:
        deliver(PAGES[name](), DOCUMENTS / f"{name}.md")


if __name__ == "__main__":
    main()
