"""The figures of ``docs/exchange.md``, from the newest row of each seed."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.exchange.measure import POISONED, Found
from bench.exchange.privacy import Learnt
from bench.exchange.providers import ATTACKS, WORLDS
from bench.exchange.ring import Passed
from bench.pages import history
from bench.pages.markdown import percent, spread, table

FILE = history.RESULTS / "exchange.jsonl"


def figures(file: Path = FILE) -> dict[str, str]:
    """Every figure by name; none where nothing was measured."""
    rows = {row["seed"]: row for row in history.read(file)}
    if not rows:
        return {}
    found = [Found(**one) for row in rows.values() for one in row["found"]]
    learnt = [Learnt(**one) for row in rows.values() for one in row["learnt"]]
    return {
        "runs": _runs(rows.values()),
        "found": _found(found),
        "honest": _honest(found),
        "everything": _everything(found),
        "learnt": _learnt(learnt),
        "ring": _ring([Passed(**one) for row in rows.values() for one in row.get("passed", ())]),
    }


def _runs(rows: Iterable[dict[str, Any]]) -> str:
    rows = list(rows)
    seeds, commits = (", ".join(sorted({str(row[name]) for row in rows})) for name in ("seed", "commit"))
    return f"Seeds {seeds}; {rows[0]['calls']:,} honest calls a day; `{commits}`."


def _found(found: Sequence[Found]) -> str:
    """Recall by attack and world: median over seeds, and the range."""
    lines = []
    for attack in ATTACKS:
        own = [one for one in found if one.attack == attack == one.signature]
        parts = [[one for one in own if one.world == world.name] for world in WORLDS]
        cells = [spread([one.found / one.accounts for one in part], 0) for part in parts]
        cells += [spread([one.found_at_1 / one.accounts for one in part], 0) for part in parts]
        lines.append([attack, *cells])
    names = [f"{world.name} world" for world in WORLDS]
    return table(["attack", *(f"{name}, 0.1 %" for name in names), *(f"{name}, 1 %" for name in names)], lines)


def _honest(found: Sequence[Found]) -> str:
    """Honest accounts flagged and campaign accounts found, by what the signature is of."""
    groups = {
        "the day's campaign": [one for one in found if one.signature == one.attack],
        "another campaign": [one for one in found if one.signature != one.attack and one.signature in ATTACKS],
        **{name: [one for one in found if one.signature == name] for name in POISONED},
    }
    lines = []
    for name, own in groups.items():
        flagged, honest = sum(one.flagged for one in own), sum(one.honest for one in own)
        caught, accounts = sum(one.found for one in own), sum(one.accounts for one in own)
        share = percent(flagged / honest, 2)
        lines.append(
            [name, f"{flagged:,} of {honest:,}", share, f"{caught} of {accounts}", percent(caught / accounts, 0)]
        )
    return table(["signature of", "honest flagged", "%", "campaign found", "%"], lines)


def _everything(found: Sequence[Found]) -> str:
    """All evidence together, without a signature and with it."""
    lines = []
    for attack in ATTACKS:
        own = [one for one in found if one.attack == attack == one.signature and one.everything is not None]
        counts = [one.everything for one in own if one.everything is not None]
        accounts, honest = sum(one.accounts for one in own), sum(one.honest for one in own)
        before, before_honest, after, after_honest = (sum(one[place] for one in counts) for place in range(4))
        cells = (f"{before} of {accounts}", f"{after} of {accounts}")
        lines.append([attack, *cells, *(f"{one} of {honest:,}" for one in (before_honest, after_honest))])
    return table(["attack", "found without", "found with", "honest without", "honest with"], lines)


def _learnt(learnt: Sequence[Learnt]) -> str:
    """What the attacks on a signature came to, medians over seeds."""
    lines = []
    for attack in ATTACKS:
        own = [one for one in learnt if one.attack == attack]
        shares = (percent(median(getattr(one, name) for one in own), 1) for name in ("inverted", "blind"))
        areas = (f"{median(getattr(one, name) for one in own):.2f}" for name in ("prompt_area", "account_area"))
        lines.append([attack, *shares, *areas])
    return table(["attack", "prompt guessed, %", "one nobody sent, %", "prompt's area", "account's area"], lines)


def _ring(passed: Sequence[Passed]) -> str:
    """What each provider of a ring made of what the one before it sent; sums over seeds."""
    steps: dict[tuple[str, str, int, bool], list[Passed]] = {}
    seen = set()
    for one in passed:
        here = (one.seed, one.sent, one.attack, one.provider)
        steps.setdefault((*here[1:], here in seen), []).append(one)  # where it is asked again, the ring closes
        seen.add(here)
    lines = []
    for (sent, attack, provider, closes), own in steps.items():
        behind, honest_behind, found, accounts, flagged, alone, honest = (
            sum(getattr(one, name) for one in own)
            for name in ("behind", "behind_honest", "found", "accounts", "flagged", "flagged_alone", "honest")
        )
        place = f"{provider}, again" if closes else str(provider)
        cells = (f"{behind:,}, {honest_behind:,}", f"{found:,} of {accounts:,}", f"{flagged}, {alone} of {honest:,}")
        lines.append([f"{sent} ({attack})", place, *cells])
    heads = ("sent round", "provider", "behind what it was sent: all, honest", "campaign found")
    return table((*heads, "honest flagged: by all evidence, by that alone"), lines)
