"""How today differs from the reference, told without names of columns."""

import re
from typing import Any

from gauger.text import formats, words

_SHIFT = re.compile(r"^(\w+) has shifted: stability index ([\d.]+)(?:, days of the reference at most (-?[\d.]+))?")
_CONTENT = re.compile(r"speak unlike the reference's: ([\d.]+) apart(?:, days of the reference at most (-?[\d.]+))?")
_NOT_COVERED = re.compile(r";?\s*the false-positive rate is not covered\.?$")
_SHOWN = 6
_CONSEQUENCE = "So the share of false alarms that was measured on clean days may not hold for today."


def sentences(drift: Any) -> list[str]:
    """Return what the manifest's ``drift`` says in sentences, the consequence last; empty where nothing differs."""
    given = drift.get("unlike") if isinstance(drift, dict) else None
    said, shifts, uncovered = [], [], False
    for one in map(str, given if isinstance(given, list) else []):
        uncovered |= bool(_NOT_COVERED.search(one))
        if shift := _SHIFT.match(one):
            shifts.append(shift)
        elif content := _CONTENT.search(one):
            said.append(
                f"What accounts ask has changed: today lies {content[1]} from the reference"
                f"{_beside(content[2], 'its own days at most {} from one another')}."
            )
        else:
            said.append(_sentence(_NOT_COVERED.sub("", one)))
    if shifts:
        said += _shifts(shifts)
    return [*said, _CONSEQUENCE] if uncovered else said


def _shifts(shifts: list[re.Match[str]]) -> list[str]:
    number = formats.plural(len(shifts), "measurement")
    first = (
        f"{number} of accounts {'is' if len(shifts) == 1 else 'are'} spread in another way than on the days of the "
        "reference (stability index; above 0.25 counts as a shift):"
    )
    listed = [
        f"{words.statistic(one[1])}: {one[2]}{_beside(one[3], 'at most {} between days of the reference')}"
        for one in shifts[:_SHOWN]
    ]
    more = [f"and {len(shifts) - _SHOWN:,} more, see manifest.json"] if len(shifts) > _SHOWN else []
    return [f"{first} {'; '.join([*listed, *more])}."]


def _beside(number: str | None, form: str) -> str:
    """``form`` with ``number``, which is never below zero: days no further apart than chance are 0 apart."""
    return "" if number is None else f", {form.format(number.lstrip('-'))}"


def _sentence(text: str) -> str:
    text = re.sub(r"-(0\.0+)(?!\d)", r"\1", text.strip())
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")
