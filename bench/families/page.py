"""The measured part of ``docs/families.md``: tables of one row of its history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from bench.families import targets as families_targets
from bench.families.rivals import ROWS
from bench.pages.history import Row
from bench.pages.markdown import filled, percent, table
from gauger.engine.common.settings import Settings

BEGIN, END = "<!-- measured:begin -->", "<!-- measured:end -->"
_EMPTY = f"# Families\n\n{BEGIN}\n{END}\n"
_NOT_MEASURED = "Not measured."

_HOW = """\
- **Machine**: {machine}; load before {load:.1f}, after {load_after:.1f}; one thread.
- **Versions**: {versions}
- **Commit**: {commit}, {date}{older}
- **Command**: `{command}`
- **Tuning and held out.** Settings may be chosen on sets marked `tuning` (half A of t0, the rendered sets, half A of
  the mixed set); `held out` is everything else: half B of t0, gpteacher, log lines, generated frames, and the mixed
  set's half B, whose rendered and judge templates alone are also in half A. The halves of t0 share no template:
  families are dealt by the CRC of their merged name, hand-written prompts by that of their text.
- **Truth.** Corpora name templates by task and data set, so one text has many names: families whose constant text
  (token 5-grams in 95 % of their prompts) is the same to 90 % are one, and a family without any has no template. *Raw*
  is the index against the names as they are: of gpteacher's 46, two (code, role play; 6,458 of 14,131 rows) have no
  template. Rendered sets are never merged. These rules were last changed after a first run of ours had been seen:
  punctuation alone is no text, of short texts one gram may be missing, rendered sets stay apart, the mixed sets' rows
  without a template are hand-written only. Together they moved t0 from 0.765 to 0.795, its half B from 0.845 to 0.911,
  rendered from 0.555 to 0.404, and F1 of the mixed half B from 0.841 to 0.806.
- **Figures.** ARI, family recall and grouping accuracy are over rows that have a template, F1 over pairs of all rows. A
  family (five members or more) is *found* when a group has 80 % of it and is 80 % it. *Without* counts prompts without
  a template; *honest* is the share of them in a group of five or more, *pollution* the share in a group with templated
  prompts.
- **Log lines** are labelled with the setting `short_lines`, everything else without; the rivals' tables show both.
- **Honest text is not free of templates**: shell requests and search logs repeat themselves, and what is found there
  counts against us.
"""

_LIMITS = """\
Share of ten families found, by words of the frame (at the head of 100 to 300 words of other text) and by prompts that
hold it.
"""

_RIVALS = f"""\
On the same rows, at most {ROWS:,} of a set (the same draw for everybody), from text to labels, one after the other on
one core. Drain3 *tuned* is the best of five thresholds for each set, chosen with the truth in sight. The MinHash
libraries get a threshold of 0.5, their pairs checked with their own signatures, and connected components. Speed is by
processor time, which on an idle machine is the clock's and on a busy one is less wrong. *Memory* is
how far a process of its own grew while labelling the first set. *gauger* is frames alone, as in all other tables and
targets; *all families* adds what a run falls back on, near-duplicates and exact copies. It was added after log lines
had missed their target by frames alone: half of them are copies of another.
"""

_VOLUME = """\
The held-out mixed set. *Same* is the adjusted Rand index between the partition found and that of the whole set, over
templated rows. Copies that make volume have new words in half of their slots; hand-written ones are shuffled word by
word.
"""

_SPEED = """\
Medians of {rounds} rounds, on one core, of processor time. Learning takes at most the {sample:,} distinct prompts with
the smallest hashes; matching takes all. A million rows are made of the same set as under volume, so that its templates
are no more than at 60,000.
"""

_PAIRS = """\
MRPC, {pairs:,} pairs of sentences. The label is about meaning, the similarity about words: nearly every paraphrase has
less than half of its 3-shingles in common, so recall is low for the exact similarity too. A pair may also be joined
through a third sentence.
"""


def measured(row: Row) -> str:
    """Everything between the markers."""
    parts = [
        "## Targets\n",
        targets(row),
        "\n## How it is measured\n",
        _how(row),
        "## Where the template is known\n",
        _quality(row),
        "\n## Short frames, few prompts\n",
        _LIMITS,
        _limits(row),
        "\n## Beside other tools\n",
        _RIVALS,
        _rivals(row),
        "\n## Volume, order and parts\n",
        _VOLUME,
        _volume(row),
        "\n## Speed and memory\n",
        _speed(row),
        "\n## Paraphrase pairs\n",
        _pairs(row),
        _others(row),
    ]
    return "\n".join(parts).rstrip() + "\n"


def write(row: Row, path: Path) -> None:
    """Write the measured part into a page, made with a title where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page = path.read_text() if path.exists() else _EMPTY
    path.write_text(filled(page, (BEGIN, END), measured(row).rstrip()))


def targets(row: Row) -> str:
    """Every target, what was measured, and the verdict."""
    lines = []
    for target in families_targets.TARGETS:
        value = target.measured(row, "")
        shown = "-" if value is None else f"{value:,.0f}" if abs(value) > 10 else f"{value:.4f}"
        bounds = [
            f"{'<=' if target.is_cap else '>='} {target.least:,g}",
            "" if target.aim is None else f"{target.aim:,g}",
        ]
        lines.append([target.name, *bounds, shown, target.verdict(value)])
    return table(["", "wanted", "aim", "got", ""], lines)


def _how(row: Row) -> str:
    return _HOW.format(
        machine=row["machine"],
        load=row["load"],
        load_after=row.get("load_after", row["load"]),
        versions=", ".join(f"{name} {number}" for name, number in row["versions"].items()),
        commit=row["commit"] or "unknown",
        date=row["date"],
        older="".join(f"; {part} measured on {commit}" for part, commit in row.get("older", {}).items()),
        command=row["command"],
    )


def _score(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.3f}"


def _scores(one: Row, *names: str) -> list[str]:
    return [_score(one[name]) for name in names]


def _quality(row: Row) -> str:
    if "quality" not in row:
        return _NOT_MEASURED
    rows: list[Row] = row["quality"]
    systems = [one for one in rows if one["set"].startswith("loghub-2k: ")]
    plain = [one for one in rows if one not in systems]
    parts = [table(_HEAD, [_line(one) for one in plain])]
    for one in plain:
        if "sources" in one:
            parts.append(f"\n**{one['set']}**, each corpus beside all prompts without a template:\n")
            parts.append(_sources(one["sources"]))
    if systems:
        mean = {name: sum(one[name] for one in systems) / len(systems) for name in _LOG_FIGURES}
        lines = [[one["set"].partition(": ")[2], *_scores(one, *_LOG_FIGURES)] for one in systems]
        parts.append("\n**Log lines**, system by system as the field has it:\n")
        parts.append(table(_LOG_HEAD, [*lines, ["mean", *_scores(mean, *_LOG_FIGURES)]]))
    return "\n".join(parts)


_FIGURES = ("f1", "precision", "recall", "ari", "raw_ari", "family_recall", "grouping_accuracy")
_HEAD = (
    "",
    "",
    "rows",
    "families",
    "F1",
    "precision",
    "recall",
    "ARI",
    "raw",
    "found",
    "grouping",
    "honest %",
    "pollution %",
)
_LOG_FIGURES = ("f1", "ari", "family_recall", "grouping_accuracy")
_LOG_HEAD = ("", "F1", "ARI", "found", "grouping")


def _line(one: Row) -> list[str]:
    # Rows without a template of a set of templates are repeated content, not honest prompts.
    honest = ["", ""] if one["set"].startswith(("t0", "gpteacher", "loghub")) else _honest(one)
    scores = _scores({"raw_ari": None} | one, *_FIGURES)
    counts = [f"{one[name]:,}" for name in ("rows", "without_template", "families")]
    return [one["set"], one["role"], *counts, *scores, *honest]


def _honest(one: Row) -> list[str]:
    values = (one["honest_in_families"], one["pollution"])
    return ["-" if math.isnan(value) else percent(value, 2) for value in values]


def _sources(sources: dict[str, Row]) -> str:
    templated = {name: one for name, one in sources.items() if one["families"]}
    honest = {name: one for name, one in sources.items() if not one["families"]}
    lines = []
    for name, one in templated.items():
        # The index of a single family says nothing.
        scores = _scores(one, "f1", "ari", "family_recall")
        lines.append([name, str(one["families"]), scores[0], "-" if one["families"] == 1 else scores[1], scores[2]])
    others = [[name, *_honest(one)] for name, one in honest.items()]
    left = table(["", "families", "F1", "ARI", "found"], lines)
    return left + "\n\n" + table(["without a template", "in families of five %", "pollution %"], others)


def _limits(row: Row) -> str:
    if "limits" not in row:
        return _NOT_MEASURED
    cells = {(one["words"], one["members"]): one["family_recall"] for one in row["limits"]}
    members = sorted({one["members"] for one in row["limits"]})
    lines = [
        [f"{words} words", *(f"{cells[words, count]:.1f}" for count in members)]
        for words in dict.fromkeys(one["words"] for one in row["limits"])
    ]
    return table(["", *(f"{count} prompts" for count in members)], lines)


def _rivals(row: Row) -> str:
    if "rivals" not in row:
        return _NOT_MEASURED
    rows: list[Row] = row["rivals"]
    parts = []
    for name in dict.fromkeys(one["set"] for one in rows):
        mine = [one for one in rows if one["set"] == name]
        each = mine[0]["bytes"] / mine[0]["rows"]
        parts.append(f"\n**{name}**, {mine[0]['rows']:,} rows of {each:,.0f} bytes:\n")
        parts.append(table(_RIVAL_HEAD, [_rival(one) for one in mine]))
    return "\n".join(parts)


_RIVAL_HEAD = ("", "F1", "precision", "recall", "ARI", "found", "grouping", "honest %", "prompts/s", "memory MB")


def _rival(one: Row) -> list[str]:
    name = one["who"] if "threshold" not in one else f"{one['who']} ({one['threshold']:g})"
    scores = _scores(one, "f1", "precision", "recall", "ari", "family_recall", "grouping_accuracy")
    cost = [f"{one['rows'] / one['seconds']:,.0f}", f"{one['peak_bytes'] / 1e6:,.0f}" if "peak_bytes" in one else ""]
    return [name, *scores, _honest(one)[0], *cost]


def _volume(row: Row) -> str:
    if "volume" not in row:
        return _NOT_MEASURED
    names = ("f1", "ari", "family_recall", "same")
    lines = [[one["variant"], f"{one['rows']:,}", *_scores(one, *names), *_honest(one)] for one in row["volume"]]
    return table(["", "rows", "F1", "ARI", "found", "same", "honest %", "pollution %"], lines)


def _speed(row: Row) -> str:
    if "speed" not in row:
        return _NOT_MEASURED
    lines = []
    for one in row["speed"]:
        seconds = one["seconds"]
        parts = [f"{seconds[name] / one['rows'] * 1e6:.2f}" for name in ("pass", "learning", "matching")]
        frames = max(1, one["frames"])
        sizes = [one["gram_bytes"] / one["rows"], one["learning_peak_bytes"] / 1e6, one["frame_bytes"] / frames]
        lines.append(
            [
                f"{one['set']}, {one['rows']:,} rows of {one['bytes'] / one['rows']:,.0f} bytes",
                f"{one['each_second']:,.0f}",
                f"{one['beyond_the_pass']:,.0f}",
                *parts,
                str(one["frames"]),
                *(f"{size:,.0f}" for size in sizes),
            ]
        )
    rounds = row["speed"][0]["rounds"]
    return _SPEED.format(rounds=rounds, sample=Settings().template_sample) + "\n" + table(_SPEED_HEAD, lines)


_SPEED_HEAD = (
    "",
    "prompts/s",
    "... beyond the pass",
    "pass, us each",
    "learning",
    "matching",
    "frames",
    "grams, bytes a prompt",
    "learning, MB",
    "bytes a frame",
)


def _pairs(row: Row) -> str:
    if "pairs" not in row:
        return _NOT_MEASURED
    names = ("precision", "recall", "exact_precision", "exact_recall", "alike_joined")
    lines = [
        [f"{one['threshold']:g}", f"{one['joined']:,}", f"{one['alike']:,}", *_scores(one, *names)]
        for one in row["pairs"]
    ]
    head = ("Jaccard >=", "joined", "exact", "precision", "recall", "exact: precision", "recall", "of exact, joined")
    return _PAIRS.format(pairs=row["pairs"][0]["pairs"]) + "\n" + table(head, lines)


def _others(row: Row) -> str:
    """Benches of other modules: their rows as they are."""
    parts = []
    for title, rows in row.get("others", {}).items():
        parts += [f"\n## {title}\n", rows if isinstance(rows, str) else rows_table(rows)]
    return "\n".join(parts)


def rows_table(rows: Sequence[Row]) -> str:
    """Rows of one bench as a table, a column for every name that any row has."""
    names = list(dict.fromkeys(name for one in rows for name in one))
    return table([name.replace("_", " ") for name in names], [[_cell(one.get(name)) for name in names] for one in rows])


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
