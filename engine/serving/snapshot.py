"""What the last ``finish`` found, frozen for look-ups: which family a prompt is in, what is known of an account."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from gauger.engine.families.families import Families
from gauger.engine.families.frames import Grams
from gauger.engine.families.known import KINDS
from gauger.engine.intake.measuring import Measures
from gauger.engine.results.result import Result


@dataclass(frozen=True)
class Verdict:
    """What is known about one call the moment it arrives; None = not known."""

    evidence: float | None  # -log10 tail probability of its family; None for an allowed one
    family_id: int | None
    family_kind: str  # "template", "near_duplicate", "exact" or "single"
    account_evidence: float | None
    campaign_id: int | None
    reasons: list[str]
    assessment: str | None = None  # of the finding: a batch pipeline is no campaign


NOTHING_KNOWN = Verdict(None, None, "single", None, None, ["nothing is known yet: call finish() first"])


class Snapshot:
    """Immutable: readers hold the one they found, a new ``finish`` puts another in its place."""

    def __init__(
        self,
        prompt_hashes: np.ndarray,
        families: Families,
        family_evidence: np.ndarray,
        accounts: dict[str, tuple[float, int | None, list[str]]],
        assessments: Mapping[int, str] | None = None,
    ) -> None:
        """prompt_hashes : uint64[prompts, 2], state rows, as in ``families.of_prompt``.

        accounts : id -> (evidence or NaN, campaign id, names of the statistics that tell most)
        assessments : what each finding is called, by campaign id
        """
        inside = np.flatnonzero(families.of_prompt >= 0)
        order = inside[np.argsort(prompt_hashes[inside, 0], kind="stable")]
        self._hashes = prompt_hashes[order, 0]
        self._rows = families.of_prompt[order]
        self._families = families
        self._family_evidence = family_evidence
        self._accounts, self._assessments = accounts, assessments or {}

    def families_of_prompts(self, prompt_hashes: np.ndarray) -> np.ndarray:
        """Row of the family each prompt (uint64[n, 2]) was found in, -1 for none; int64[n]."""
        wanted = prompt_hashes[:, 0]
        if len(self._hashes) == 0:
            return np.full(len(wanted), -1, np.int64)
        place = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        return np.where(self._hashes[place] == wanted, self._rows[place], -1)

    def families_of(self, measures: Measures) -> np.ndarray:
        """Row of the family of each measured call, -1 for none: by prompt, then by frame; int64[n]."""
        found = self.families_of_prompts(measures.prompt_hashes)
        missing = np.flatnonzero(found < 0)
        if len(missing) and len(self._families.of_frame):
            grams = Grams(measures.gram_offsets, measures.grams).take(missing)
            frame = self._families.matcher.match(grams)
            found[missing] = np.where(frame >= 0, self._families.of_frame[frame], -1)
        return found

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Family ids of family rows; rows of -1 give 0, which is no family's id."""
        return np.append(self._families.ids, 0)[rows]

    def account_evidence(self, account_ids: list[str]) -> np.ndarray:
        """Evidence on each account, NaN when there is none; float64[n]."""
        known = (self._accounts.get(name) for name in account_ids)
        return np.asarray([float("nan") if fact is None else fact[0] for fact in known], np.float64)

    def verdict(self, account_id: str, measures: Measures) -> Verdict:
        """The verdict on one measured call."""
        row = int(self.families_of(measures)[0])
        strength, campaign, telling = self._accounts.get(account_id, (float("nan"), None, []))
        reasons = []
        evidence = None
        if row >= 0:
            value = float(self._family_evidence[row])
            evidence = None if np.isnan(value) else value
            kind = KINDS[self._families.kinds[row]].replace("_", "-")
            number, calls = int(self._families.accounts[row]), int(self._families.calls[row])
            article = "an allowed" if self._families.allowed[row] else "an" if kind.startswith("e") else "a"
            reasons.append(f"in {article} {kind} family of {calls:,} calls from {number:,} accounts")
        assessment = None if campaign is None else self._assessments.get(campaign)
        if campaign is not None:
            reasons.append(f"its account is in finding {campaign}" + (f", {assessment}" if assessment else ""))
        reasons += [f"account: {name}" for name in telling]
        return Verdict(
            evidence=evidence,
            family_id=None if row < 0 else int(self._families.ids[row]),
            family_kind="single" if row < 0 else KINDS[self._families.kinds[row]],
            account_evidence=None if np.isnan(strength) else strength,
            campaign_id=campaign,
            reasons=reasons,
            assessment=assessment,
        )


def snapshot_of(prompt_hashes: np.ndarray, families: Families, result: Result) -> Snapshot:
    """The snapshot of a ``finish``: prompt_hashes as in ``Snapshot``, and its result.

    Accounts with evidence, and those of findings made without a reference, which have none.
    """
    accounts = result.accounts
    strength = accounts.column("evidence").to_numpy()
    names, campaigns = accounts.column("account_id").to_pylist(), accounts.column("campaign_id").to_pylist()
    known = [row for row, number in enumerate(campaigns) if number is not None or not np.isnan(strength[row])]
    reasons = accounts.column("reasons").take(pa.array(known, pa.int64())).to_pylist()
    facts = {
        names[row]: (float(strength[row]), campaigns[row], [reason["statistic"] for reason in told or []])
        for row, told in zip(known, reasons, strict=True)
    }
    called = (result.campaigns.column(name).to_pylist() for name in ("campaign_id", "assessment"))
    evidence = result.families.column("evidence").to_numpy()
    return Snapshot(prompt_hashes, families, evidence, facts, dict(zip(*called, strict=True)))
