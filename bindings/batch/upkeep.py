"""``gauger state``: what a state directory keeps, and what goes out of it, in words."""

from datetime import date
from pathlib import Path
from typing import Any

from gauger.engine.common.errors import StateError
from gauger.engine.reference import upkeep
from gauger.engine.reference.commits import CAMPAIGNS, CHECKS, DAYS, DECISIONS, FAMILIES
from gauger.engine.reference.directory import StateDirectory
from gauger.text.formats import plural, visible

_HEADS = {DAYS: "Day", CHECKS: "Held out", FAMILIES: "Families", CAMPAIGNS: "Campaigns", DECISIONS: "Decisions"}
_NOTHING = "No day, family or campaign is kept."


def opened(state: Path) -> StateDirectory:
    """A state directory that is there. Raises StateError where there is none: looking must not make one."""
    if not (state / "key").exists():
        raise StateError(f"{state}: no such state directory; score days with --state first")
    return StateDirectory(state)


def listed(state: Path) -> str:
    """What is kept, part by part."""
    directory = opened(state)
    found, leftover = upkeep.entries(directory)
    total = sum(entry.bytes for entry in found)
    lines = [f"State      {visible(str(state))}, key {directory.secret.key_id}, {_bytes(total)}"]
    checks = {entry.name.partition("/")[2]: entry.manifest for entry in found if entry.name.startswith(CHECKS)}
    for entry in found:
        kind, _, day = entry.name.partition("/")
        if entry.manifest is None:
            said = "damaged: gauger state check says what that costs"
        elif kind == DAYS:
            said = plural(int(entry.manifest["accounts"]), "account")
            check = checks.get(day)
            if check is not None:
                said += f", held out: {check['flagged']:,} of {check['accounts']:,} flagged"
        elif kind in (FAMILIES, CAMPAIGNS):
            noun = "family" if kind == FAMILIES else "campaign"
            said = f"{plural(entry.rows, noun)}, next id {entry.manifest['next_id']:,}"
        elif kind == DECISIONS:
            said = plural(len(entry.manifest["entries"]), "decision")
        else:
            continue
        lines.append(f"{_HEADS[kind]:<10} {day + ' ' if day else ''}{said}, {_bytes(entry.bytes)}")
    if leftover:
        lines.append(f"Leftover   {_bytes(leftover)} of an unfinished or earlier commit: the next one removes them")
    return "\n".join(lines if found else [*lines, _NOTHING])


def parts(state: Path) -> list[dict[str, Any]]:
    """The same as plain values: name, bytes, rows, and whether it is damaged."""
    found, _ = upkeep.entries(opened(state))
    return [{"name": one.name, "bytes": one.bytes, "rows": one.rows, "damaged": one.manifest is None} for one in found]


def pruned(state: Path, *, before: date | None, retention_days: int | None, damaged: bool) -> str:
    """Remove parts and say which."""
    gone = upkeep.prune(opened(state), before=before, retention_days=retention_days, damaged=damaged)
    return "\n".join([*(f"removed {name}" for name in gone), f"{plural(len(gone), 'part')} removed"])


def checked(state: Path) -> tuple[str, list[str]]:
    """Read everything; what is whole in words, and a sentence for each part that is not."""
    directory = opened(state)
    wrong = upkeep.damage(directory)
    whole = [name for name in directory.kept().commit.parts if name not in wrong]
    return f"{plural(len(whole), 'part')} read and whole, {len(wrong):,} damaged", list(wrong.values())


def forgotten(state: Path, account: str) -> str:
    """Remove an account from everything kept and say where it was."""
    changed = upkeep.forget(opened(state), account)
    where = f"removed from {', '.join(changed)}" if changed else "was in nothing that is kept"
    return f"account {visible(account)} {where}"


def _bytes(number: int) -> str:
    return f"{number / 1e6:,.1f} MB"
