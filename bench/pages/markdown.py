"""Tables and figures as Markdown, and pages written by hand whose figures are filled between markers.

A page has ``<!-- figures: NAME -->`` and ``<!-- end -->`` around each figure; everything else in it is prose.
"""

import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

_MARKED = re.compile(r"(?P<begin><!-- figures: (?P<name>[^\n]+?) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], rule: str = "---:") -> str:
    """A table; the first column is text, the others are figures unless the ``rule`` below the head says otherwise."""
    lines = [head, ["---", *[rule] * (len(head) - 1)], *rows]
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


def marked(page: str) -> dict[str, str]:
    """The figures of a page by name, as they stand in it."""
    return {found["name"]: found[0][len(found["begin"]) : -len(found["end"])].strip("\n") for found in _found(page)}


def filled(page: str, figures: Mapping[str, str]) -> str:
    """The page with these figures between their markers. Raises ValueError for a figure that has no place in it."""
    absent = figures.keys() - marked(page).keys()
    if absent:
        raise ValueError(f"the page lacks <!-- figures: {min(absent)} --> ... <!-- end -->")

    def fill(found: re.Match[str]) -> str:
        text = figures.get(found["name"])
        return found[0] if text is None else f"{found['begin']}\n{text.strip()}\n\n{found['end']}"

    return _MARKED.sub(fill, page)


def deliver(figures: Mapping[str, str], page: Path | None) -> None:
    """Fill the figures of a page, or print them where none is named."""
    if page is None:
        print("\n\n".join(f"{name}:\n\n{text}" for name, text in figures.items()))
    else:
        page.write_text(filled(page.read_text(), figures))


def _found(page: str) -> list[re.Match[str]]:
    return list(_MARKED.finditer(page))
