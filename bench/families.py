"""Template and near-duplicate families: how well prompts of one template are put together, how fast, beside the field.

Measures ours on sets whose templates are known, writes ``docs/families.md`` between its markers. ``--parts quality``
alone takes a minute or two and prints a line a set: what settings are chosen by.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench import families_ours
from bench.agreement import Agreement, agreement
from bench.families_placement import placements
from bench.families_sets import QUALITY, FamilySet, split_sources
from bench.real_corpora import corpora_directory

PARTS = ("quality",)
Row = dict[str, Any]
Tell = Callable[[str], None]


def judge(given: FamilySet, labels: np.ndarray, seconds: float) -> Row:
    """Figures of one labelling of a set."""
    row: Row = {"set": given.name, "role": given.role, "rows": len(given), "seconds": seconds}
    row |= asdict(agreement(labels, given.truth))
    if given.raw is not None:
        row |= {"notes": given.notes, "raw_ari": agreement(labels, given.raw).ari}
    return row


def by_source(given: FamilySet, labels: np.ndarray) -> dict[str, Row]:
    """The same for each corpus of a set, its templated rows beside all that have no template."""
    found = {}
    for source in sorted(set(given.sources)):
        mine = given.sources == source
        part = np.flatnonzero(mine if np.all(given.truth[mine] < 0) else mine | (given.truth < 0))
        found[str(source)] = asdict(agreement(labels[part], given.truth[part]))
    return found


def line(row: Row) -> str:
    """One row for a terminal."""
    raw = f" raw {row['raw_ari']:.3f}" if "raw_ari" in row else ""
    return (
        f"{row['set']:42} {row['role']:8} {row['rows']:6} rows {row['families']:4} fam  F1 {row['f1']:.3f} "
        f"P {row['precision']:.3f} R {row['recall']:.3f} ARI {row['ari']:.3f}{raw} FR {row['family_recall']:.3f} "
        f"GA {row['grouping_accuracy']:.3f} honest {row['honest_in_families']:.4f} "
        f"pollution {row['pollution']:.4f} found {row['found']:4} {row['seconds']:.1f} s"
    )


def measure_quality(corpora: Path, tell: Tell, only: Sequence[str] = ()) -> list[Row]:
    """Ours on every set."""
    families_ours.label(["warm up"])
    rows = []
    for given in quality_sets(corpora, only):
        started = time.perf_counter()
        labels = families_ours.label(given.prompts)
        row = judge(given, labels, time.perf_counter() - started)
        tell(line(row))
        if len(set(given.sources)) > 1 and given.name.startswith(("rendered", "mixed")):
            row["sources"] = by_source(given, labels)
            for source, found in row["sources"].items():
                tell(f"    {source:38} " + _short(Agreement(**found)))
        rows.append(row)
    return rows


def quality_sets(corpora: Path, only: Sequence[str] = ()) -> list[FamilySet]:
    """Sets of real and generated templates whose names begin with one of some words."""

    def wanted(name: str) -> bool:
        return not only or name.startswith(tuple(only))

    found = [build(corpora) for name, build in QUALITY.items() if wanted(name)]
    logs = [part for given in found if given.name == "loghub-2k" for part in split_sources(given)]
    generated = placements(corpora) if not only or any(one.startswith("placement") for one in only) else []
    return [*found, *logs, *(given for given in generated if wanted(given.name))]


def _short(found: Agreement) -> str:
    if np.isnan(found.ari):
        return f"honest {found.honest_in_families:.4f} pollution {found.pollution:.4f}"
    return f"F1 {found.f1:.3f} ARI {found.ari:.3f} FR {found.family_recall:.3f}/{found.families} found {found.found}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.families", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="sets whose names begin so")
    chosen = parser.parse_args(arguments)
    corpora = corpora_directory()
    if corpora is None:
        print("skipped: the shared corpora are not here; set GAUGER_CORPORA")
        return 0
    measure_quality(corpora, lambda text: print(text, flush=True), chosen.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
