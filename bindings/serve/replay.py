"""``gauger policy replay``: what a policy would have done on days that were scored.

Two bounds. With the verdicts of the day itself everybody is known from the first call on; with those of the day before,
as a nightly run publishes them, only who came back is. ``gauger serve`` is in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gauger.engine.common.errors import InputError
from gauger.engine.serving.published import Finding
from gauger.host.policy import HARMLESS, Rules
from gauger.host.verdicts import FLAGGED, MEMBER, NOTHING
from gauger.text.formats import plural

_HONEST_ALONE = 1.0  # an account that is flagged and in no finding counts as honest: most of them are


@dataclass
class Touched:
    """What one rule would have done."""

    action: str
    rule: str
    accounts: int = 0
    calls: int = 0
    honest: float = 0.0  # accounts; expected from the findings' probabilities where no truth is known


@dataclass
class Replayed:
    """What a policy would have done on one day."""

    day: Path
    known_from: str  # whose verdicts
    touched: dict[tuple[str, str], Touched] = field(default_factory=dict)
    accounts: int = 0
    campaign_calls: float = 0.0
    leaked_calls: float = 0.0  # of campaign accounts, that would have gone on
    share: float = 0.0  # of all accounts, that would have been acted on
    breaker_share: float = 0.0

    @property
    def is_tripped(self) -> bool:
        """Whether the breaker would have kept it from acting."""
        return self.share > self.breaker_share

    def told(self) -> dict[str, Any]:
        """It in plain values: one entry for each tier and action."""
        touched = [{"tier": tier, "action": action, **vars(one)} for (tier, action), one in self.touched.items()]
        plain = {name: value for name, value in vars(self).items() if name not in ("day", "touched")}
        return {"day": str(self.day), **plain, "is_tripped": self.is_tripped, "touched": touched}


@dataclass(frozen=True)
class _Day:
    """The tables of a scored day."""

    path: Path
    calls: Mapping[str, int]  # of each account
    named: Mapping[str, tuple[str, Finding | None, float | None]]  # tier, finding and evidence of those that are named

    @classmethod
    def read(cls, path: Path) -> _Day:
        """Raises InputError for a folder that is no scored day."""
        try:
            accounts = pq.read_table(path / "accounts.parquet")
            campaigns = pq.read_table(path / "campaigns.parquet", columns=list(Finding._fields))
        except (OSError, pa.ArrowException):
            raise InputError(f"{path}: no day that was scored; give what gauger score wrote") from None
        findings = {row["campaign_id"]: Finding(**row) for row in campaigns.to_pylist()}
        columns = [accounts.column(name).to_pylist() for name in ("account_id", "evidence", "flagged", "campaign_id")]
        named: dict[str, tuple[str, Finding | None, float | None]] = {}
        for account, evidence, flagged, number in zip(*columns, strict=True):
            if number is not None:
                named[account] = (MEMBER, findings[number], evidence)
            elif flagged:
                named[account] = (FLAGGED, None, evidence)
        return cls(path, dict(zip(columns[0], accounts.column("calls").to_pylist(), strict=True)), named)


def replay(outs: Sequence[Path], rules: Rules, truth: Path | None = None) -> list[Replayed]:
    """What a policy would have done on scored days, in the order given; truth : table of account_id and campaign"""
    planted = None if truth is None else _planted(truth)
    days = [_Day.read(out) for out in outs]
    found = []
    for place, day in enumerate(days):
        if place:
            found.append(_replayed(day, days[place - 1], "the day before", rules, planted))
        found.append(_replayed(day, day, "the day itself", rules, planted))
    return found


def _planted(truth: Path) -> Mapping[str, bool]:
    try:
        table = pq.read_table(truth, columns=["account_id", "campaign"]).to_pylist()
    except (OSError, pa.ArrowException):
        raise InputError(f"{truth}: no table of account_id and campaign") from None
    return {row["account_id"]: row["campaign"] is not None for row in table}


def _replayed(day: _Day, known: _Day, source: str, rules: Rules, planted: Mapping[str, bool] | None) -> Replayed:
    """A day, under the verdicts of another."""
    found = Replayed(day.path, source, accounts=len(day.calls), breaker_share=rules.breaker_share)
    acted = 0
    for account, calls in day.calls.items():
        tier, finding, evidence = known.named.get(account, (NOTHING, None, None))
        guilt = _guilt(account, day, planted)
        found.campaign_calls += guilt * calls
        action, rule = rules.action(tier, finding, evidence)
        if action in HARMLESS:
            found.leaked_calls += guilt * calls
        else:
            acted += 1
        if rule:
            one = found.touched.setdefault((action, rule), Touched(action, rule))
            one.accounts, one.calls, one.honest = one.accounts + 1, one.calls + calls, one.honest + 1.0 - guilt
    found.share = acted / max(1, found.accounts)
    return found


def _guilt(account: str, day: _Day, planted: Mapping[str, bool] | None) -> float:
    """How likely an account is a campaign's: known, or the probability of its finding that day."""
    if planted is not None:
        return float(planted.get(account, False))
    tier, finding, _ = day.named.get(account, (NOTHING, None, None))
    if tier != MEMBER or finding is None:
        return 1.0 - _HONEST_ALONE
    return finding.probability or 0.0


def to_text(replayed: Sequence[Replayed], *, is_truth: bool) -> str:
    """What to print."""
    lines: list[Any] = []
    for one in replayed:
        lines.append(f"{one.day}, verdicts of {one.known_from}: {plural(one.accounts, 'account')}")
        lines.append(f"    {'action':<10}{'rule':<28}{'accounts':>9}{'calls':>11}{'honest accounts':>17}")
        for row in one.touched.values():
            lines.append(
                f"    {row.action:<10}{row.rule[:27]:<28}{row.accounts:>9,}{row.calls:>11,}{row.honest:>17,.1f}"
            )
        share = one.leaked_calls / max(1.0, one.campaign_calls)
        lines.append(f"    campaign calls that would have gone on: {one.leaked_calls:,.0f} ({share:.1%})")
        if one.is_tripped:
            lines.append(
                f"    the breaker would have kept it from acting: {one.share:.1%} of accounts, "
                f"breaker_share is {one.breaker_share:.1%}"
            )
        lines.append("")
    lines.append(
        "honest accounts: of the truth given"
        if is_truth
        else "honest accounts: expected from each finding's probability; whoever is flagged alone counts as honest"
    )
    return "\n".join(lines)
