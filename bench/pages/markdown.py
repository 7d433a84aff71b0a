"""Tables and figures as Markdown, for the pages that the benches write."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column is text, the others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percent(share: float | None, digits: int = 1) -> str:
    """A share in percent, without the sign; a dash for none."""
    return "-" if share is None else f"{100 * share:.{digits}f}"


def spread(shares: Sequence[float], digits: int = 1) -> str:
    """Median in percent and, of several that differ, the least and the greatest in brackets; a dash for none."""
    if not shares:
        return "-"
    low, high = percent(min(shares), digits), percent(max(shares), digits)
    middle = percent(statistics.median(shares), digits)
    return middle if low == high else f"{middle} ({low}-{high})"


def deliver(page: str, target: Path | None) -> None:
    """Write a page to a file, or print it where none is named."""
    if target is None:
        print(page)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page)


def between(page: str, marks: Sequence[str]) -> str:
    """What stands between two marks. Raises ValueError when the page lacks them, or has them in another order."""
    begin, end = _places(page, marks)
    return page[begin:end].strip("\n")


def filled(page: str, marks: Sequence[str], text: str) -> str:
    """The page with ``text`` between the marks. Raises ValueError as ``between`` does."""
    begin, end = _places(page, marks)
    return f"{page[:begin]}\n\n{text}\n\n{page[end:]}"


def _places(page: str, marks: Sequence[str]) -> tuple[int, int]:
    before, begin, rest = page.partition(marks[0])
    inside, end, _ = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"the page lacks {marks[0]} ... {marks[1]}")
    start = len(before) + len(begin)
    return start, start + len(inside)
