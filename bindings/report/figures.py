"""Figures as inline SVG: they need no script, print as they are, and take their colours from the page."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

WIDTH, HEIGHT = 440, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 8, 30
_POINTS_MOST = 6_000
_HOURS_MOST = 14 * 24
_TICKS_MOST = 8


def _svg(body: str, height: int = HEIGHT) -> str:
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" aria-hidden="true">{body}</svg>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{text}</text>'


def _bars(x: Floats, width: float, heights: Floats, base: float, kind: str) -> str:
    path = "".join(
        f"M{left:.1f} {base:.1f}v{-high:.1f}h{width:.1f}v{high:.1f}z"
        for left, high in zip(x, heights, strict=True)
        if high > 0
    )
    return f'<path class="{kind}" d="{path}"/>'


def _levels(top: float) -> list[float]:
    """Two to five round numbers up to ``top``."""
    step = 10.0 ** np.floor(np.log10(max(top, 1.0)))
    for part in (0.2, 0.25, 0.5, 1.0):
        if top / (step * part) <= 4:
            step *= part
            break
    step = max(1.0, step)
    return [float(level) for level in np.arange(0, top + step / 2, step) if level <= top]


def volume(start: dt.datetime, calls: Sequence[int], flagged: Sequence[int]) -> str:
    """Return calls over time, those of flagged accounts at the bottom of each bar.

    Args:
        start: the first hour, UTC.
        calls: calls per hour from ``start`` on, flagged ones included.
        flagged: those of flagged accounts, as many as ``calls``.
    """
    hours = 24 if len(calls) > _HOURS_MOST else 1
    edges = np.arange(0, len(calls), hours)
    total = np.add.reduceat(np.asarray(calls, np.float64), edges)
    alarmed = np.add.reduceat(np.asarray(flagged, np.float64), edges)
    top, base = max(float(total.max(initial=0)), 1.0), HEIGHT - _BOTTOM
    high, wide = base - _TOP, WIDTH - _LEFT - _RIGHT
    pitch = wide / len(total)
    x = _LEFT + pitch * (np.arange(len(total), dtype=np.float64) + 0.08)
    body = _bars(x, 0.84 * pitch, total / top * high, base, "plain") + _bars(
        x, 0.84 * pitch, alarmed / top * high, base, "alarm"
    )
    for level in _levels(top):
        y = base - level / top * high
        body += f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>' + _text(
            _LEFT - 6, y + 4, f"{level:,.0f}", "end"
        )
    for at, label in _time_ticks(start, len(total), hours):
        body += _text(_LEFT + pitch * (at + 0.5), HEIGHT - 10, label, "middle")
    return _svg(body)


def _time_ticks(start: dt.datetime, bars: int, hours: int) -> list[tuple[int, str]]:
    """At most eight ticks: hours within two days, dates beyond."""
    within = bars * hours <= 48
    step = next(nice for nice in (1, 2, 3, 4, 6, 12, 24, 48, 96, 192, bars) if bars / nice <= _TICKS_MOST)
    if hours == 1 and not within:
        step = max(24, -(-step // 24) * 24)
    form = "%H:%M" if within else "%d %b"
    return [(at, (start + dt.timedelta(hours=at * hours)).strftime(form)) for at in range(0, bars, step)]


def evidence(scores: Floats, flagged: Booleans, alarm: float) -> str:
    """Return the distribution of account evidence, counts on a log axis, with a line at ``alarm``."""
    top = max(float(scores.max(initial=0.0)), alarm + 1)
    step = alarm / max(1, round(40 * alarm / top))  # the line stands between two bars
    edges = np.arange(0.0, top + 1.001 * step, step)
    kept, _ = np.histogram(np.clip(scores[~flagged], 0, None), edges)
    alarmed, _ = np.histogram(np.clip(scores[flagged], 0, None), edges)
    base, wide = HEIGHT - _BOTTOM, WIDTH - _LEFT - _RIGHT
    high = base - _TOP
    decades = max(1.0, np.ceil(np.log10(max(int(kept.max()), int(alarmed.max()), 10))))
    pitch = wide / (len(edges) - 1)
    x = _LEFT + pitch * np.arange(len(edges) - 1, dtype=np.float64)

    def tall(counts: npt.NDArray[np.int64]) -> Floats:
        return np.where(counts > 0, (np.log10(np.maximum(counts, 1)) + 0.15) / (decades + 0.15) * high, 0.0)

    # Side by side, not stacked: stacked bars mislead on a log axis.
    body = _bars(x, 0.9 * pitch, tall(kept), base, "plain") + _bars(x, 0.9 * pitch, tall(alarmed), base, "alarm")
    for decade in range(int(decades) + 1):
        y = base - (decade + 0.15) / (decades + 0.15) * high
        body += f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}"/>' + _text(
            _LEFT - 6, y + 4, f"{10**decade:,}", "end"
        )
    at = _LEFT + alarm / edges[-1] * wide
    body += f'<path class="line" d="M{at:.1f} {_TOP}V{base}"/>' + _text(
        at + 5, _TOP + 10, f"alarm {alarm:.3g}", "start"
    )
    for level in _levels(top):
        body += _text(_LEFT + level / edges[-1] * wide, HEIGHT - 10, f"{level:g}", "middle")
    return _svg(body)


def neighbourhood(x: Floats, y: Floats, kind: npt.NDArray[np.int64]) -> str:
    """Return the map of accounts: those alike in content lie close together.

    Args:
        x, y: coordinates, one pair an account, finite.
        kind: 0 for accounts in no finding, 1 for those in a campaign, 2 for those in another finding.
    """
    shown = _sample(kind)
    x, y, kind = x[shown], y[shown], kind[shown]
    body = ""
    left, down = 10 + _scaled(x) * (WIDTH - 20), HEIGHT - 10 - _scaled(y) * (HEIGHT - 20)
    for value, name in ((0, "plain"), (2, "other"), (1, "alarm")):
        mine = kind == value
        points = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in zip(left[mine], down[mine], strict=True))
        body += f'<path class="points {name}" d="{points}"/>'
    return _svg(body)


def _scaled(values: Floats) -> Floats:
    """From 0 to 1 over the middle 99 %; what lies outside is drawn at the border."""
    low, high = np.quantile(values, 0.005, method="higher"), np.quantile(values, 0.995, method="lower")
    return np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)


def points_shown(accounts: int) -> int:
    """Return how many of ``accounts`` the map draws."""
    return min(accounts, _POINTS_MOST)


def _sample(kind: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """Indices to draw: accounts of findings first, up to half; the rest evenly thinned."""
    if len(kind) <= _POINTS_MOST:
        return np.arange(len(kind))
    member, rest = np.flatnonzero(kind > 0), np.flatnonzero(kind == 0)
    member = _thinned(member, min(len(member), _POINTS_MOST // 2))
    return np.concatenate([member, _thinned(rest, min(len(rest), _POINTS_MOST - len(member)))])


def _thinned(indices: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    return indices[np.linspace(0, len(indices) - 1, most).astype(np.intp)] if len(indices) else indices
