"""The three figures of the report, drawn by matplotlib as inline SVG that follows the page's colours.

Text stays text. Colours are placeholders that become CSS variables, so that one file serves a light and a
dark screen. The map's points are the exception: thousands of them are one embedded picture, in colours chosen
to read on both.
"""

import datetime as dt
import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Read at least 3:1 against both page backgrounds; the map also gives each campaign a marker of its own.
CAMPAIGN_COLOURS = ("#2f7fd1", "#d1495b", "#1f9d6b", "#b0761a", "#8a63d2", "#0f8f9e")
_CAMPAIGN_MARKERS = ("o", "s", "^", "D", "v", "P")
_PLAIN_COLOUR = "#8a8f98"
_REST_COLOUR = "#9a6b84"
_POINTS_MOST = 8_000
_HOURS_MOST = 14 * 24

# Inches; small, so that text is still read when the page shrinks a figure to a telephone.
_WIDE = (4.7, 3.0)
_TALL = (4.7, 6.1)

# Placeholders, replaced in the SVG by the page's own variables.
_INK, _LINE, _PLAIN, _ALARM = "#010203", "#040506", "#070809", "#0a0b0c"
_VARIABLES = {_INK: "var(--ink)", _LINE: "var(--line)", _PLAIN: "var(--plain)", _ALARM: "var(--alarm)"}

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "gauger",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "legend.frameon": False,
}


def volume(start: dt.datetime, calls: Sequence[int], flagged: Sequence[int]) -> str:
    """Return calls over time with flagged ones stacked, above the flagged ones alone on their own scale.

    Args:
        start: the first hour, UTC.
        calls: calls per hour from ``start`` on, flagged ones included.
        flagged: those of flagged accounts, as many as ``calls``.
    """
    hours = 24 if len(calls) > _HOURS_MOST else 1
    total, alarmed = _summed(calls, hours), _summed(flagged, hours)
    positions = np.arange(len(total))
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=_WIDE, layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        upper.bar(positions, alarmed, width=0.85, color=_ALARM, label="flagged accounts")
        upper.bar(positions, total - alarmed, width=0.85, bottom=alarmed, color=_PLAIN, label="other accounts")
        handles, labels = upper.get_legend_handles_labels()
        figure.legend(handles[::-1], labels[::-1], loc="outside upper right", ncols=2)
        lower.bar(positions, alarmed, width=0.85, color=_ALARM)
        unit = "day" if hours == 24 else "hour"
        upper.set_title(f"All calls per {unit}")
        lower.set_title(f"Calls of flagged accounts per {unit}")
        for axes in (upper, lower):
            _thousands(axes)
        lower.set_xticks(*_time_ticks(start, len(total), hours))
        return _inline(figure, "volume")


def evidence(scores: Floats, flagged: npt.NDArray[np.bool_], alarm: float) -> str:
    """Return the distribution of account evidence, counts on a log axis, with a line at ``alarm``."""
    top = max(float(scores.max(initial=0.0)), alarm + 1)
    step = max(0.25, top / 60)
    edges = np.arange(0.0, top + 2 * step, step)
    kept, _ = np.histogram(np.clip(scores[~flagged], 0, None), edges)
    alarmed, _ = np.histogram(np.clip(scores[flagged], 0, None), edges)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=_WIDE, layout="constrained")
        axes = figure.subplots()
        # Stacked bars mislead on a log axis, so the two groups stand one before the other.
        axes.bar(edges[:-1], kept, width=0.9 * step, align="edge", color=_PLAIN, label="not flagged")
        axes.bar(edges[:-1], alarmed, width=0.9 * step, align="edge", color=_ALARM, label="flagged")
        axes.axvline(alarm, color=_INK, linewidth=1, linestyle=(0, (4, 3)), label=f"alarm ({alarm:.3g})")
        axes.set_yscale("log")
        axes.set_ylim(0.7, max(float(max(kept.max(), alarmed.max())), 10.0) * 1.6)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:,.0f}"))
        axes.set_xlabel("evidence (3 = one honest account in a thousand)")
        axes.set_title("Accounts")
        figure.legend(loc="outside upper right", ncols=3)
        return _inline(figure, "evidence")


def neighbourhood(x: Floats, y: Floats, campaign: Integers, named: Sequence[int]) -> str:
    """Return the map of accounts: those alike in content lie close together.

    Args:
        x, y: coordinates, one pair an account, finite.
        campaign: campaign of each account, -1 for none.
        named: campaigns to colour (at most six are), strongest first; other campaigns share one colour.
    """
    shown = _sample(campaign)
    x, y, campaign = x[shown], y[shown], campaign[shown]
    coloured = list(named)[: len(CAMPAIGN_COLOURS)]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=_TALL, layout="constrained")
        axes = figure.subplots()
        plain, other = campaign < 0, (campaign >= 0) & ~np.isin(campaign, coloured)
        axes.scatter(x[plain], y[plain], s=3, color=_PLAIN_COLOUR, alpha=0.45, linewidths=0, rasterized=True)
        for identifier, colour, marker in zip(coloured, CAMPAIGN_COLOURS, _CAMPAIGN_MARKERS, strict=False):
            mine, label = campaign == identifier, f"finding {identifier}"
            axes.scatter(
                x[mine], y[mine], s=10, color=colour, marker=marker, linewidths=0, rasterized=True, label=label
            )
        if other.any():
            axes.scatter(x[other], y[other], s=9, color=_REST_COLOUR, marker="x", rasterized=True, label="others")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[["left", "bottom"]].set_visible(False)
        if coloured:
            figure.legend(loc="outside lower left", ncols=4, columnspacing=1, handletextpad=0.1, markerscale=1.6)
        return _inline(figure, "map")


def points_shown(accounts: int) -> int:
    """Return how many of ``accounts`` the map draws."""
    return min(accounts, _POINTS_MOST)


def _sample(campaign: Integers) -> npt.NDArray[np.intp]:
    """Indices to draw: accounts of campaigns first, the rest evenly thinned, 8,000 at most."""
    if len(campaign) <= _POINTS_MOST:
        return np.arange(len(campaign))
    member, rest = np.flatnonzero(campaign >= 0), np.flatnonzero(campaign < 0)
    member = _thinned(member, min(len(member), _POINTS_MOST // 2))
    return np.concatenate([member, _thinned(rest, min(len(rest), _POINTS_MOST - len(member)))])


def _thinned(indices: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    return indices[np.linspace(0, len(indices) - 1, most).astype(np.intp)] if len(indices) else indices


def _summed(counts: Sequence[int], run: int) -> Integers:
    values = np.asarray(counts, np.int64)
    return np.add.reduceat(values, np.arange(0, len(values), run))


def _time_ticks(start: dt.datetime, bars: int, hours: int) -> tuple[list[int], list[str]]:
    """Positions and labels of at most about eight ticks: hours within two days, dates beyond."""
    within = bars * hours <= 48
    step = max(1, -(-bars // 8))
    if within and step > 1:
        step = next(nice for nice in (2, 3, 4, 6, 12) if nice >= step)
    elif hours == 1 and not within:
        step = -(-step // 24) * 24
    positions = list(range(0, bars, step))
    form = "%H:%M" if within else "%d %b"
    return positions, [(start + dt.timedelta(hours=at * hours)).strftime(form) for at in positions]


def _thousands(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:,.0f}"))


def _inline(figure: Figure, name: str) -> str:
    """Return ``figure`` as an SVG element fit to stand inside HTML, hidden from screen readers.

    Element ids get ``name`` as a prefix, because several figures share a page; namespace declarations go,
    because HTML needs none and the page then holds no address at all.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", transparent=True, dpi=200, metadata=nothing)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)  # would rule the whole page; report.css has it
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\1{name}-", svg)
    svg = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 aria-hidden="true">', svg, count=1)
    for placeholder, variable in _VARIABLES.items():
        svg = svg.replace(placeholder, variable)
    return svg
