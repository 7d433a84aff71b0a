"""Template and near-duplicate families: how well prompts of one template are put together, how fast, beside the field.

Measures ours on sets whose templates are known, and with ``--write`` fills ``docs/families.md`` between its markers.
``--parts quality`` alone takes a minute or two and prints a line a set: what settings are chosen by.
"""

import argparse
import importlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.accuracy.agreement import Agreement, agreement
from bench.families import ours as families_ours
from bench.families import page as families_page
from bench.families import pairs as families_pairs
from bench.families import rivals as families_rivals
from bench.families import speed as families_speed
from bench.families import volume as families_volume
from bench.families.page import FILE, PARTS
from bench.families.placement import (
    ITEM_SETS,
    TAILS,
    hand_written,
    limits,
    one_tail,
    placements,
    tails,
    tasks_in_layouts,
)
from bench.families.sets import QUALITY, TUNING, FamilySet, gpteacher, loghub, mixed, rendered, split_sources, t0
from bench.pages import history
from bench.pages.machine import load
from bench.pages.markdown import deliver
from bench.world.corpora import ABSENT, corpora_directory

# Benches that others keep, each a module with ``measure() -> list of rows``.
OTHERS = {
    "Near-duplicates": "bench.families.near_duplicates",
    "Streaming": "bench.families.streaming",
    "Nearest families": "bench.families.index",
}
FRAME_WORDS, MEMBERS = (3, 5, 8, 12, 20), (5, 8, 12, 20, 30)  # of frames, down to where none is found
SPEED_ROWS = (60_000, 1_000_000)
HELD_OUT_HALF = 1
Row = dict[str, Any]
Tell = Callable[[str], None]


def judge(given: FamilySet, labels: np.ndarray, seconds: float) -> Row:
    """Figures of one labelling of a set."""
    row: Row = {"set": given.name, "role": given.role, "rows": len(given), "seconds": seconds}
    row |= {"without_template": int(np.sum(given.truth < 0))} | asdict(agreement(labels, given.truth))
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


def confusions(given: FamilySet, labels: np.ndarray, most: int = 20) -> list[str]:
    """Where ours is wrong, worst first: groups with several families in them, families in no group or in several.

    Names and counts of rows alone; a family's groups are numbered, -1 is none.
    """
    cells = Counter[tuple[int, int]](zip(labels.tolist(), given.truth.tolist(), strict=True))
    groups: dict[int, Counter[str]] = {}
    families: dict[str, Counter[int]] = {}
    for (label, family), rows in cells.items():
        name = "(no template)" if family < 0 else given.names[family]
        if label >= 0:
            groups.setdefault(label, Counter())[name] = rows
        if family >= 0:
            families.setdefault(name, Counter())[label] = rows
    mixed_up = sorted((-_crossed(held), str(held.most_common(8))) for held in groups.values() if len(held) > 1)
    torn = sorted((-_crossed(held), name, str(held.most_common(4))) for name, held in families.items())
    lines = [f"group of {-pairs:,} wrong pairs: {held}" for pairs, held in mixed_up[:most]]
    missed = sorted((-held[-1], name, held.total()) for name, held in families.items() if 2 * held[-1] > held.total())
    lines += [f"in no group: {name}, {-rows} of {total}" for rows, name, total in missed[:most]]
    return lines + [f"in several: {name}, {held}" for pairs, name, held in torn[:most] if pairs]


def _crossed(counts: Counter[Any]) -> int:
    return (counts.total() ** 2 - sum(rows**2 for rows in counts.values())) // 2


def measure_quality(corpora: Path, tell: Tell, only: Sequence[str] = (), explain: bool = False) -> list[Row]:
    """Ours on every set."""
    families_ours.label(["warm up"])
    rows = []
    for given in quality_sets(corpora, only):
        started = time.perf_counter()
        if given.name.startswith("loghub"):  # half of its lines are copies, which a run puts together, too
            labels = families_ours.label_families(given.prompts, families_ours.LINES)
        else:
            labels = families_ours.label(given.prompts)
        row = judge(given, labels, time.perf_counter() - started)
        tell(line(row))
        if len(set(given.sources)) > 1 and given.name.startswith(("rendered", "mixed")):
            row["sources"] = by_source(given, labels)
            for source, found in row["sources"].items():
                tell(f"    {source:38} " + _short(Agreement(**found)))
        # Held out means that nobody looks at what went wrong there.
        for text in confusions(given, labels) if explain and given.role == TUNING else ():
            tell(f"    {text}")
        rows.append(row)
    return rows


def measure_limits(corpora: Path) -> list[Row]:
    """How few words, in how few prompts, are still found."""
    prompts = hand_written(corpora)
    rows = []
    for words in FRAME_WORDS:
        for members in MEMBERS:
            rows.append({"words": words, "members": members} | _agreed(limits(prompts, words, members)))
    return rows


def _agreed(given: FamilySet) -> Row:
    """How well ours labels a set."""
    return asdict(agreement(families_ours.label(given.prompts), given.truth))


def quality_sets(corpora: Path, only: Sequence[str] = ()) -> list[FamilySet]:
    """Sets of real and generated templates whose names begin with one of some words."""

    def wanted(name: str) -> bool:
        return not only or name.startswith(tuple(only))

    found = [build(corpora) for name, build in QUALITY.items() if wanted(name)]
    logs = [part for given in found if given.name == "loghub-2k" for part in split_sources(given)]
    generated = placements(corpora) if not only or any(one.startswith("placement") for one in only) else []
    generated += [build(corpora) for build in (tasks_in_layouts, tails)]
    return [*found, *logs, *(given for given in generated if wanted(given.name))]


def measure_tails(corpora: Path) -> list[Row]:
    """Each tail under each item set, the only template of its log."""
    return [
        {"tail": tail, "items": items} | _agreed(one_tail(corpora, tail, items))
        for tail in TAILS
        for items in ITEM_SETS
    ]


def measure_keys(corpora: Path, tell: Tell, quick: bool) -> list[Row]:
    """Sets of every kind under several keys."""
    sets = [tasks_in_layouts(corpora), tails(corpora)]
    if not quick:
        sets += [build(corpora) for build in QUALITY.values()] + placements(corpora)
    return families_volume.under_keys(sets, tell)


def _short(found: Agreement) -> str:
    if np.isnan(found.ari):
        return f"honest {found.honest_in_families:.4f} pollution {found.pollution:.4f}"
    return f"F1 {found.f1:.3f} ARI {found.ari:.3f} FR {found.family_recall:.3f}/{found.families} found {found.found}"


def measure_rivals(corpora: Path, tell: Tell, quick: bool) -> list[Row]:
    """Everybody on the same rows."""
    sets = [mixed(corpora, HELD_OUT_HALF), t0(corpora), gpteacher(corpora), rendered(corpora), loghub(corpora)]
    generated = [one for one in placements(corpora) if one.name in ("placement: head", "placement: tail")]
    return families_rivals.measure([*sets, *generated], tell, 2_000 if quick else families_rivals.ROWS)


def measure_speed(corpora: Path, tell: Tell, quick: bool) -> list[Row]:
    """The held-out mixed set at a size a run learns from, and at that of a large day."""
    sizes = (10_000,) if quick else SPEED_ROWS
    given = mixed(corpora, HELD_OUT_HALF, rows_max=SPEED_ROWS[0])
    return [families_speed.measure(given, rows, tell, 1 if quick else families_speed.ROUNDS) for rows in sizes]


def measure_volume(corpora: Path, tell: Tell, quick: bool) -> list[Row]:
    """The held-out mixed set, more and less of it."""
    return families_volume.measure(mixed(corpora, HELD_OUT_HALF), tell, growth=2 if quick else 10)


def measure_others(tell: Tell) -> dict[str, list[Row] | str]:
    """Rows of the benches that are there; a note for one that is not, or has nothing to measure on."""
    found: dict[str, list[Row] | str] = {}
    for title, name in OTHERS.items():
        tell(f"measuring {name}")
        try:
            rows = importlib.import_module(name).measure()
        except ModuleNotFoundError as error:
            rows = f"Skipped: {error}."
        found[title] = rows or "Skipped: nothing to measure on."
    return found


def run(chosen: argparse.Namespace, corpora: Path, tell: Tell) -> Row:
    """Measure the parts asked for; the figures of each under its name."""
    measures: dict[str, Callable[[], object]] = {
        "quality": lambda: measure_quality(corpora, tell, chosen.only, chosen.explain),
        "keys": lambda: measure_keys(corpora, tell, chosen.quick),
        "tails": lambda: measure_tails(corpora),
        "limits": lambda: measure_limits(corpora),
        "rivals": lambda: measure_rivals(corpora, tell, chosen.quick),
        "volume": lambda: measure_volume(corpora, tell, chosen.quick),
        "speed": lambda: measure_speed(corpora, tell, chosen.quick),
        "pairs": lambda: families_pairs.measure(corpora),
        "others": lambda: measure_others(tell),
    }
    return {part: measures[part]() for part in measures if part in chosen.parts}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.families", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="sets whose names begin so")
    parser.add_argument(
        "--explain", action="store_true", help="name the families mixed up, missed or torn, of sets for tuning"
    )
    parser.add_argument("--quick", action="store_true", help="fewer rows, one round: to see that it runs")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="fill this page, and add the row to the history")
    chosen = parser.parse_args(arguments)
    corpora = corpora_directory()
    if corpora is None:
        print(ABSENT)
        return
    given = sys.argv[1:] if arguments is None else arguments
    row = history.begin(" ".join(["python -m bench.families", *given]))
    row |= run(chosen, corpora, lambda text: print(text, flush=True))
    row["load_after"] = load()
    if chosen.write is not None:
        history.append(row, FILE)
        deliver(families_page.figures(), chosen.write)
    elif "quality" in row and not chosen.only:
        print(families_page.targets(row))
