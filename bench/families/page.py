"""The figures of ``docs/families.md``: tables of the newest of each part that ``bench.families`` measured."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.families import targets as families_targets
from bench.pages import history
from bench.pages.history import Row
from bench.pages.markdown import percent, table

FILE = history.RESULTS / "families.jsonl"
PARTS = ("quality", "keys", "tails", "limits", "rivals", "volume", "speed", "pairs", "others")


def figures(file: Path = FILE) -> dict[str, str]:
    """Every figure of the page by name; those of parts that were not measured are left out."""
    row = history.newest(file, PARTS)
    found = {"targets": targets(row), "runs": history.runs(row)}
    for part, makes in _MAKES.items():
        found |= {name: make(row[part]) for name, make in makes.items()} if part in row else {}
    others = row.get("others", {})
    return found | {title: rows if isinstance(rows, str) else rows_table(rows) for title, rows in others.items()}


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


def _score(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.3f}"


def _scores(one: Row, *names: str) -> list[str]:
    return [_score(one[name]) for name in names]


def _is_system(one: Row) -> bool:
    return str(one["set"]).startswith("loghub-2k: ")


def _quality(rows: Sequence[Row]) -> str:
    return table(_HEAD, [_line(one) for one in rows if not _is_system(one)])


def _by_corpus(rows: Sequence[Row]) -> str:
    return "\n\n".join(f"**{one['set']}**:\n\n{_sources(one['sources'])}" for one in rows if "sources" in one)


def _log_lines(rows: Sequence[Row]) -> str:
    systems = [one for one in rows if _is_system(one)]
    mean = {name: sum(one[name] for one in systems) / max(1, len(systems)) for name in _LOG_FIGURES}
    lines = [[one["set"].partition(": ")[2], *_scores(one, *_LOG_FIGURES)] for one in systems]
    return table(["", "F1", "ARI", "found", "grouping"], [*lines, ["mean", *_scores(mean, *_LOG_FIGURES)]])


_FIGURES = ("f1", "precision", "recall", "ari", "raw_ari", "family_recall", "grouping_accuracy")
_SCORES = ("F1", "precision", "recall", "ARI")
_HEAD = ("", "", "rows", "without", "families", *_SCORES, "raw", "found", "grouping", "honest %", "pollution %")
_LOG_FIGURES = ("f1", "ari", "family_recall", "grouping_accuracy")


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


def _limits(rows: Sequence[Row]) -> str:
    cells = {(one["words"], one["members"]): one["family_recall"] for one in rows}
    members = sorted({one["members"] for one in rows})
    lines = [
        [f"{words} words", *(f"{cells[words, count]:.1f}" for count in members)]
        for words in dict.fromkeys(one["words"] for one in rows)
    ]
    return table(["", *(f"{count} prompts" for count in members)], lines)


def _keys(rows: Sequence[Row]) -> str:
    lines = [
        [one["set"], f"{one['rows']:,}", percent(one["differing"], 3), *_scores(one, "ari_least", "ari_greatest")]
        for one in rows
    ]
    return table(["", "rows", "pairs that differ, %", "ARI, least", "greatest"], lines)


def _tails(rows: Sequence[Row]) -> str:
    items = list(dict.fromkeys(one["items"] for one in rows))
    cells = {(one["tail"], one["items"]): one["recall"] for one in rows}
    lines = [
        [tail, *(percent(cells[tail, name], 1) for name in items)]
        for tail in dict.fromkeys(one["tail"] for one in rows)
    ]
    return table(["", *items], lines)


def _rivals(rows: Sequence[Row]) -> str:
    head = ("", *_SCORES, "found", "grouping", "honest %", "prompts/s", "memory MB")
    parts = []
    for name in dict.fromkeys(one["set"] for one in rows):
        mine = [one for one in rows if one["set"] == name]
        each = mine[0]["bytes"] / mine[0]["rows"]
        parts.append(f"**{name}**, {mine[0]['rows']:,} rows of {each:,.0f} bytes:")
        parts.append(table(head, [_rival(one) for one in mine]))
    return "\n\n".join(parts)


def _rival(one: Row) -> list[str]:
    name = one["who"] if "threshold" not in one else f"{one['who']} ({one['threshold']:g})"
    scores = _scores(one, "f1", "precision", "recall", "ari", "family_recall", "grouping_accuracy")
    cost = [f"{one['rows'] / one['seconds']:,.0f}", f"{one['peak_bytes'] / 1e6:,.0f}" if "peak_bytes" in one else ""]
    return [name, *scores, _honest(one)[0], *cost]


def _volume(rows: Sequence[Row]) -> str:
    names = ("f1", "ari", "family_recall", "same")
    lines = [[one["variant"], f"{one['rows']:,}", *_scores(one, *names), *_honest(one)] for one in rows]
    return table(["", "rows", "F1", "ARI", "found", "same", "honest %", "pollution %"], lines)


def _speed(rows: Sequence[Row]) -> str:
    lines = []
    for one in rows:
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
    return table(_SPEED_HEAD, lines)


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


def _pairs(rows: Sequence[Row]) -> str:
    names = ("precision", "recall", "exact_precision", "exact_recall", "alike_joined")
    lines = [
        [f"{one['threshold']:g}", f"{one['joined']:,}", f"{one['alike']:,}", *_scores(one, *names)] for one in rows
    ]
    head = ("Jaccard >=", "joined", "exact", "precision", "recall", "exact: precision", "recall", "of exact, joined")
    return table(head, lines)


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


_MAKES: dict[str, dict[str, Callable[[Sequence[Row]], str]]] = {
    "quality": {"quality": _quality, "by corpus": _by_corpus, "log lines": _log_lines},
    "keys": {"keys": _keys},
    "tails": {"tails": _tails},
    "limits": {"limits": _limits},
    "rivals": {"rivals": _rivals},
    "volume": {"volume": _volume},
    "speed": {"speed": _speed},
    "pairs": {"pairs": _pairs},
}
