"""What one provider's signature finds at another, and what it gives away.

For each seed three honest worlds that share no account: a sender, and two receivers, one of which moves otherwise.
Each has its own secret and the consortium's key. The sender flags what it flags of a day with 400 accounts of an attack
and makes a signature of that; a receiver has ten accounts of the same attack, no prompt of which the sender saw.

Run as ``python -m bench.exchange --write docs/exchange.md`` from the root of the repository.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.exchange.measure import Found, poisoned, received, sent
from bench.exchange.page import FILE, figures
from bench.exchange.privacy import attacked
from bench.exchange.providers import ATTACKS, WORLDS, Provider
from bench.exchange.ring import Passed, ring
from bench.pages import history
from bench.pages.markdown import deliver
from bench.world.corpora import ABSENT, corpora_directory

SEEDS, CALLS = (61, 62, 63), 60_000
_APART = 10  # between the seeds of a sender and of its receivers


def measure(seed: int, calls: int, corpora: Path, out: Path, tell: Callable[[object], None]) -> history.Row:
    """All of one seed; ``tell`` hears each figure."""
    sender = Provider(seed, calls, corpora, out)
    signatures, flagged = {}, {}
    for attack in ATTACKS:
        signatures[attack], accounts = sent(sender, attack)
        flagged[attack] = len(accounts)
    signatures |= poisoned(sender)
    learnt = [attacked(sender, attack) for attack in ATTACKS]
    for one in learnt:
        tell(one)
    found: list[Found] = []
    receivers = [Provider(seed + _APART * number, calls, corpora, out, world) for number, world in enumerate(WORLDS, 1)]
    for number, receiver in enumerate(receivers, 1):
        for row in received(receiver, seed, signatures, everything=number == 1):
            found.append(row)
            tell(row)
    passed: list[Passed] = []
    for one in ring([sender, *receivers], seed):
        passed.append(one)
        tell(one)
    return {"seed": seed, "calls": calls, "flagged": flagged} | {
        "found": [asdict(one) for one in found],
        "learnt": [asdict(one) for one in learnt],
        "passed": [asdict(one) for one in passed],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.exchange", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=CALLS, help="honest calls a day (%(default)s)")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(SEEDS), help="none: only write the page")
    parser.add_argument("--out", type=Path, default=Path("build/exchange"), help="what is built stays here")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="fill this page instead of printing its figures")
    chosen = parser.parse_args(arguments)
    corpora = corpora_directory()
    if corpora is None and chosen.seeds:
        print(ABSENT)
        return
    for seed in chosen.seeds:
        assert corpora is not None
        row = history.begin(" ".join(["python -m bench.exchange", *sys.argv[1:]]))
        row |= measure(seed, chosen.calls, corpora, chosen.out, lambda one: print(one, flush=True))
        history.append(row, FILE)
    deliver(figures(FILE), chosen.write)
