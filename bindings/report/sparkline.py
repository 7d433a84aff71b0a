"""A time line small enough to stand beside a sentence: bars without axes, as inline SVG."""

from collections.abc import Sequence

_BARS_MOST = 96
_HEIGHT = 40
_PITCH = 6  # width of a bar with its gap


def binned(counts: Sequence[int]) -> list[int]:
    """Return ``counts`` summed over equal runs of hours, so that no more than 96 bars remain."""
    run = -(-len(counts) // _BARS_MOST) or 1
    return [sum(counts[start : start + run]) for start in range(0, len(counts), run)]


def sparkline(counts: Sequence[int], label: str) -> str:
    """Return an SVG of one bar an hour, or a run of hours, as high as its count; ``label`` is escaped."""
    bars = binned(counts)
    peak = max(bars, default=0) or 1
    path = "".join(
        f"M{index * _PITCH} {_HEIGHT}v-{max(1.0, _HEIGHT * bar / peak):.1f}h{_PITCH - 1}V{_HEIGHT}z"
        for index, bar in enumerate(bars)
        if bar
    )
    return (
        f'<svg class="spark" role="img" aria-label="{label}" preserveAspectRatio="none" '
        f'viewBox="0 0 {max(1, len(bars)) * _PITCH} {_HEIGHT}"><path d="{path}"/></svg>'
    )
