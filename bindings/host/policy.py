"""Policy: what is to be done with a call, by what is known of its sender. A file of rules; the first that fits counts.

In shadow mode, which is the default, nothing is done: what would have been is counted.
"""

from __future__ import annotations

import os
import threading
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from gauger.engine.common.documents import read_bounded
from gauger.engine.common.errors import InputError
from gauger.engine.serving.published import Finding
from gauger.host.verdicts import FAMILY, FLAGGED, LINK, MEMBER, NOTHING, STALE, Verdict, Verdicts

ALLOW, WATCH, MARK, THROTTLE, VERIFY, COARSEN, BLOCK = ACTIONS = (
    "allow", "watch", "mark", "throttle", "verify", "coarsen", "block",
)  # fmt: skip
STATUS = {BLOCK: 403, VERIFY: 403, THROTTLE: 429}  # of HTTP, where a host answers in place of the model
HARMLESS = (ALLOW, WATCH)  # actions that a caller does not notice
SHADOW, ACT = "shadow", "act"
_TIERS = (MEMBER, FLAGGED, LINK, FAMILY)
_FILE_BYTES_MAX, _RULES_MAX, _NUMBER_MAX = 1 << 16, 100, 1e15
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Rule:
    """One rule. A condition that is left out holds for everybody."""

    action: str
    name: str = ""
    tiers: tuple[str, ...] = (MEMBER,)
    assessments: tuple[str, ...] = ()  # of the finding; with none given, any
    probability_min: float = 0.0  # that one hidden actor is behind the finding
    evidence_min: float = 0.0  # of the account where it is flagged alone, else of the finding
    budget_calls: int = 0  # that the accounts of a finding may make together before the rule counts

    def fits(self, tier: str, finding: Finding | None, evidence: float | None) -> bool:
        """Whether it is about such a sender."""
        if tier not in self.tiers:
            return False
        if finding is None:
            return not self.assessments and (evidence or 0.0) >= self.evidence_min
        return (
            (not self.assessments or finding.assessment in self.assessments)
            and (finding.probability or 0.0) >= self.probability_min
            and (finding.evidence or 0.0) >= self.evidence_min
            and finding.calls >= self.budget_calls
        )


@dataclass(frozen=True)
class Rules:
    """A policy file, read."""

    mode: str = SHADOW
    off: bool = False  # the kill switch: every call is allowed, and nothing is counted
    breaker_share: float = 0.02  # of all accounts known, that may be acted on; where it would be more, none is
    rules: tuple[Rule, ...] = ()

    def action(self, tier: str, finding: Finding | None, evidence: float | None) -> tuple[str, str]:
        """What is to be done with such a sender, and the rule that says so."""
        for place, rule in enumerate(self.rules, 1):
            if rule.fits(tier, finding, evidence):
                return rule.action, rule.name or f"rule {place}"
        return ALLOW, ""


class Decision(NamedTuple):
    """What to do with a call."""

    action: str  # to be done now
    would: str  # what the rules say, whatever the mode
    rule: str  # its name; empty where none fits


ALLOWED = Decision(ALLOW, ALLOW, "")


def read_rules(path: Path) -> Rules:
    """Read a policy file. Raises InputError that names what is wrong with it."""
    try:
        given = tomllib.loads(read_bounded(path, _FILE_BYTES_MAX).decode())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: no TOML ({error})") from None
    rules = given.pop("rules", [])
    if not isinstance(rules, list) or len(rules) > _RULES_MAX or not all(isinstance(rule, dict) for rule in rules):
        raise InputError(f"{path}: rules are at most {_RULES_MAX} tables [[rules]]")
    read = tuple(_rule(path, number, rule) for number, rule in enumerate(rules, 1))
    found = Rules(**_checked(path, "", given, Rules), rules=read)
    if found.mode not in (SHADOW, ACT):
        raise InputError(f"{path}: mode is shadow or act, not {found.mode!r}")
    if not 0.0 <= found.breaker_share <= 1.0:
        raise InputError(f"{path}: breaker_share is between 0 and 1")
    return found


def _rule(path: Path, number: int, given: dict[str, Any]) -> Rule:
    where = f"rule {number}: "
    found = _checked(path, where, given, Rule)
    if found.get("action") not in ACTIONS:
        raise InputError(f"{path}: {where}action is one of {', '.join(ACTIONS)}")
    if unknown := set(found.get("tiers", ())) - set(_TIERS):
        raise InputError(f"{path}: {where}no tier {unknown.pop()!r}; there are {', '.join(_TIERS)}")
    return Rule(**found)


def _checked(path: Path, where: str, given: dict[str, Any], kind: type[Rule] | type[Rules]) -> dict[str, Any]:
    """Values of the types that a rule or a policy has."""
    defaults = {one.name: one.default for one in fields(kind) if one.name != "rules"}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in defaults:
            raise InputError(f"{path}: {where}{name!r} means nothing; there are {', '.join(defaults)}")
        default = defaults[name]
        if isinstance(default, tuple):
            good = isinstance(value, list) and all(isinstance(one, str) for one in value)
            found[name] = tuple(value) if good else None
        elif isinstance(default, bool):
            found[name] = value if isinstance(value, bool) else None
        elif isinstance(default, float | int):
            good = isinstance(value, float | int) and not isinstance(value, bool) and 0 <= value < _NUMBER_MAX
            found[name] = type(default)(value) if good else None
        else:
            found[name] = value if isinstance(value, str) else None
        if found[name] is None:
            raise InputError(f"{path}: {where}{name} is of another type, or no number from 0 on")
    return found


@dataclass
class Tally:
    """What was decided so far."""

    done: Counter[str] = field(default_factory=Counter)  # calls by action
    would: Counter[str] = field(default_factory=Counter)  # calls by what the rules say
    stale: int = 0  # calls allowed because verdicts are too old


class Policy:
    """Decides for a host. Any thread may ask; the file is read again when it changes, and nothing is raised then."""

    def __init__(self, path: Path, verdicts: Verdicts) -> None:
        self._path, self._verdicts = path, verdicts
        self.problem: str | None = None  # why the file that is there now is not in use
        self._stamp, self.rules = self._read()
        self._next_look, self._looking = 0.0, 0
        self._lock, self.tally = threading.Lock(), Tally()
        self._tripped: tuple[object, Rules, float] | None = None

    @classmethod
    def open(cls, path: str | os.PathLike[str], verdicts: Verdicts) -> Policy:
        """Decide by a file. Raises InputError where it is none."""
        return cls(Path(path), verdicts)

    def decide(self, verdict: Verdict) -> Decision:
        """What to do with a call whose sender is known so; what is no verdict is allowed."""
        try:
            return self._decide(verdict)
        except Exception:  # a host must not notice
            return ALLOWED

    def _decide(self, verdict: Verdict) -> Decision:
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            self._start_looking()
        if verdict.tier == NOTHING and verdict.state != STALE:  # most calls: no rule is about them
            return ALLOWED
        rules = self.rules
        if rules.off:
            return ALLOWED
        if verdict.state == STALE:
            self.tally.stale += 1
            return ALLOWED
        would, rule = rules.action(verdict.tier, verdict.finding, verdict.evidence)
        if would == ALLOW:
            return ALLOWED
        acts = rules.mode == ACT and self.share() <= rules.breaker_share
        decision = Decision(would if acts or would == WATCH else WATCH, would, rule)
        with self._lock:
            self.tally.would[would] += 1
            self.tally.done[decision.action] += 1
        return decision

    def share(self) -> float:
        """The share of all accounts known that the rules would act on; above ``breaker_share`` nothing is done."""
        published, rules = self._verdicts.published, self.rules
        known = self._tripped
        if known is None or known[0] is not published or known[1] is not rules:
            known = self._tripped = (published, rules, 0.0 if published is None else _share(published, rules))
        return known[2]

    def _start_looking(self) -> None:
        if self._looking == os.getpid() or self._stamp_now() == self._stamp:
            return
        self._looking = os.getpid()
        try:
            threading.Thread(target=self._look, name="gauger policy", daemon=True).start()
        except RuntimeError:  # no thread to be had: the rules stay
            self._looking = 0

    def _look(self) -> None:
        try:
            self._stamp, self.rules = self._read()
            self.problem = None
        except InputError as error:
            self.problem, self._stamp = str(error), self._stamp_now()
        finally:
            self._looking = 0

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _read(self) -> tuple[tuple[int, int, int] | None, Rules]:
        stamp = self._stamp_now()
        return stamp, read_rules(self._path)


def _share(published: Any, rules: Rules) -> float:
    """Of the accounts of a file of verdicts, those that rules would act on."""
    finding = published.array("account_finding")
    evidence, flagged = published.array("account_evidence"), published.array("account_flagged") != 0
    acted = [rules.action(MEMBER, one, None)[0] not in HARMLESS for one in published.findings]
    number = sum(int((finding == place).sum()) for place, acts in enumerate(acted) if acts)
    alone = evidence[flagged & (finding < 0)].tolist()
    number += sum(rules.action(FLAGGED, None, one)[0] not in HARMLESS for one in alone)
    return number / max(1, len(finding))
