"""How well a run found what the truth says was there."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from gauger.engine.common.errors import InputError

_ACCOUNT_COLUMNS = ("account_id", "calls", "evidence", "flagged", "campaign_id")
_CAMPAIGN_COLUMNS = ("campaign_id", "assessment")
_TRUTH_COLUMNS = ("account_id", "campaign", "kind")
_FALSE_POSITIVE_RATES = (0.001, 0.01)
_ACCUSATION = "campaign"  # the assessment that accuses; the others explain a finding away


@dataclasses.dataclass(frozen=True)
class TrueCampaign:
    """How one campaign of the truth fared; shares are of all its accounts, found or not."""

    campaign: str
    kind: str
    accounts: int
    absent: int  # accounts the run has no row for; they count as not found
    flagged: float  # share flagged by the run
    recall_at_tenth_percent: float | None  # share above the evidence that 0.1 % of the benign pass
    recall_at_one_percent: float | None
    placed: float  # share that is in some finding
    calls_leaked: int  # served before a detection at the end of the window: all of them


@dataclasses.dataclass(frozen=True)
class BenignKind:
    """How many honest accounts of one kind were bothered."""

    kind: str
    accounts: int
    flagged: int
    accused: int  # in a finding assessed as a campaign


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A run against the truth.

    ``campaign_precision`` is the share of the findings assessed as a campaign in which campaign accounts are
    the majority (one finding may gather two planted campaigns: whoever runs both looks like one actor);
    ``campaign_recall`` is the share of the true campaigns of which such findings hold at least half of the
    accounts. Both are None where there is nothing to take a share of. A row of ``found`` is a finding held
    against the truth: campaign_id, assessment, accounts, majority (the true campaign most of them are of, or None),
    guilty (share that is of any) and precision (share that is of the majority's, 0 when most are benign).
    """

    campaigns: list[TrueCampaign]
    benign: list[BenignKind]
    found: list[dict[str, Any]]
    benign_accounts: int
    benign_flagged: int
    absent: int  # accounts of the truth without a row in the output, benign ones included
    unknown: int  # accounts of the output that the truth does not know; left out
    campaign_precision: float | None
    campaign_recall: float | None


@dataclasses.dataclass(frozen=True)
class _Joined:
    """One entry per account of the truth, in its order."""

    campaign: np.ndarray  # str, empty when benign
    kind: np.ndarray  # str
    present: np.ndarray  # bool
    calls: np.ndarray  # int64, 0 when absent
    evidence: np.ndarray  # float64, 0 when absent or null
    flagged: np.ndarray  # bool
    finding: np.ndarray  # int64, -1 for none


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    if not path.is_file():
        raise InputError(f"{path}: not found; evaluate needs the folder of a finished `gauger score` and its truth")
    try:
        names = pq.read_schema(path).names
        missing = [name for name in columns if name not in names]
        if missing:
            raise InputError(f"{path}: has no column {', '.join(missing)}; is it the right file?")
        return pq.read_table(path, columns=list(columns))
    except pa.ArrowInvalid:
        raise InputError(f"{path}: is not a readable Parquet file; write it again") from None


def _unique_ids(path: Path, table: pa.Table) -> pa.Array:
    ids = table["account_id"].cast(pa.string()).combine_chunks()
    if pc.count_distinct(ids, mode="all").as_py() != len(ids):
        raise InputError(f"{path}: an account_id appears twice; it must have one row per account")
    return ids


def _join(out: Path, truth: Path) -> tuple[_Joined, int]:
    """Truth beside output, and how many accounts of the output the truth does not know."""
    known, scored = _read(truth, _TRUTH_COLUMNS), _read(out / "accounts.parquet", _ACCOUNT_COLUMNS)
    truth_ids, scored_ids = _unique_ids(truth, known), _unique_ids(out / "accounts.parquet", scored)
    row = pc.index_in(truth_ids, value_set=scored_ids)

    def column(name: str, kind: pa.DataType, missing: Any) -> np.ndarray:
        values = scored[name].cast(kind).combine_chunks().take(row)
        return pc.fill_null(values, pa.scalar(missing, kind)).to_numpy(zero_copy_only=False)

    joined = _Joined(
        campaign=np.array(pc.fill_null(known["campaign"].cast(pa.string()), "").to_pylist(), str),
        kind=np.array(pc.fill_null(known["kind"].cast(pa.string()), "unknown").to_pylist(), str),
        present=row.is_valid().to_numpy(zero_copy_only=False),
        calls=column("calls", pa.int64(), 0),
        evidence=np.nan_to_num(column("evidence", pa.float64(), 0.0), nan=0.0, posinf=np.inf),
        flagged=column("flagged", pa.bool_(), False),
        finding=column("campaign_id", pa.int64(), -1),
    )
    return joined, len(scored_ids) - int(joined.present.sum())


def _threshold(benign_evidence: np.ndarray, rate: float) -> float | None:
    """The smallest evidence that at most ``rate`` of the benign accounts exceed; None without any."""
    if not benign_evidence.size:
        return None
    allowed = int(rate * benign_evidence.size + 1e-9)  # 0.001 * 1000 must be 1
    return float(np.sort(benign_evidence)[::-1][allowed])


def _true_campaigns(joined: _Joined) -> list[TrueCampaign]:
    benign = joined.evidence[joined.campaign == ""]
    thresholds = [_threshold(benign, rate) for rate in _FALSE_POSITIVE_RATES]
    results = []
    for name in np.unique(joined.campaign[joined.campaign != ""]):
        members = joined.campaign == name
        recalls = [
            None if threshold is None else float((joined.evidence[members] > threshold).mean())
            for threshold in thresholds
        ]
        results.append(
            TrueCampaign(
                campaign=str(name),
                kind=str(joined.kind[members][0]),
                accounts=int(members.sum()),
                absent=int((~joined.present[members]).sum()),
                flagged=float(joined.flagged[members].mean()),
                recall_at_tenth_percent=recalls[0],
                recall_at_one_percent=recalls[1],
                placed=float((joined.finding[members] >= 0).mean()),
                calls_leaked=int(joined.calls[members].sum()),
            )
        )
    return results


def _findings(joined: _Joined, table: pa.Table) -> list[dict[str, Any]]:
    rows = []
    for row in table.to_pylist():
        inside = joined.campaign[joined.finding == row["campaign_id"]]
        names, counts = np.unique(inside, return_counts=True)
        largest = int(np.argmax(counts)) if counts.size else -1
        majority = str(names[largest]) if largest >= 0 and names[largest] != "" else None
        rows.append(
            {
                "campaign_id": row["campaign_id"],
                "assessment": row["assessment"] or "",
                "accounts": inside.size,
                "majority": majority,
                "guilty": float(np.mean(inside != "")) if inside.size else 0.0,
                "precision": float(counts[largest] / inside.size) if majority else 0.0,
            }
        )
    return rows


def evaluate(out: Path, truth: Path) -> Evaluation:
    """Hold the output folder of a run against a truth file.

    ``out`` holds accounts.parquet and campaigns.parquet, ``truth`` has the columns account_id, campaign
    (null when benign) and kind. Null evidence counts as 0. Raises ``InputError`` for missing files,
    columns and repeated accounts.
    """
    out, truth = Path(out), Path(truth)
    joined, unknown = _join(out, truth)
    found = _findings(joined, _read(out / "campaigns.parquet", _CAMPAIGN_COLUMNS))
    accusations = [row for row in found if row["assessment"] == _ACCUSATION]
    right = [row for row in accusations if row["guilty"] > 0.5]
    held = np.isin(joined.finding, [row["campaign_id"] for row in right])
    campaigns = _true_campaigns(joined)
    benign = joined.campaign == ""
    accused = np.isin(joined.finding, [row["campaign_id"] for row in accusations])
    kinds = [
        BenignKind(
            kind=str(kind),
            accounts=int(members.sum()),
            flagged=int(joined.flagged[members].sum()),
            accused=int(accused[members].sum()),
        )
        for kind in np.unique(joined.kind[benign])
        for members in [benign & (joined.kind == kind)]
    ]
    return Evaluation(
        campaigns=campaigns,
        benign=kinds,
        found=found,
        benign_accounts=int(benign.sum()),
        benign_flagged=int(joined.flagged[benign].sum()),
        absent=int((~joined.present).sum()),
        unknown=unknown,
        campaign_precision=len(right) / len(accusations) if accusations else None,
        campaign_recall=float(np.mean([held[joined.campaign == one.campaign].mean() >= 0.5 for one in campaigns]))
        if campaigns
        else None,
    )


def _percent(share: float | None, digits: int = 1) -> str:
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def to_text(evaluation: Evaluation) -> str:
    """The evaluation as a few aligned tables to read in a terminal."""
    campaigns: list[tuple[str, ...]] = [
        ("campaign", "accounts", "flagged", "at 0.1 % FP", "at 1 % FP", "in a finding", "calls leaked")
    ]
    for one in evaluation.campaigns:
        shares = (one.flagged, one.recall_at_tenth_percent, one.recall_at_one_percent, one.placed)
        campaigns.append((one.campaign, f"{one.accounts:,}", *map(_percent, shares), f"{one.calls_leaked:,}"))
    benign: list[tuple[str, ...]] = [("benign", "accounts", "flagged", "rate", "in a campaign finding")]
    for kind in evaluation.benign:
        rate = _percent(kind.flagged / kind.accounts, 2)
        benign.append((kind.kind, f"{kind.accounts:,}", f"{kind.flagged:,}", rate, f"{kind.accused:,}"))
    findings: list[tuple[str, ...]] = [("finding", "assessed as", "accounts", "mostly", "of a campaign", "of that one")]
    for row in evaluation.found:
        who = (str(row["campaign_id"]), row["assessment"], f"{row['accounts']:,}", row["majority"] or "benign")
        findings.append((*who, _percent(row["guilty"]), _percent(row["precision"])))
    total, flagged = evaluation.benign_accounts, evaluation.benign_flagged
    lines = [
        *_aligned(campaigns),
        "calls leaked: a batch run detects at the end of its window, so every call in it was served.",
        f"FP: measured on {total:,} benign accounts, so 0.1 % is {int(total * 0.001 + 1e-9):,} of them.",
        "",
        *_aligned(benign),
        f"all benign: {flagged:,} of {total:,} flagged ({_percent(flagged / total if total else None, 2)})",
        "",
        *_aligned(findings),
        f"campaign precision {_percent(evaluation.campaign_precision)}, "
        f"campaign recall {_percent(evaluation.campaign_recall)}",
    ]
    if evaluation.absent:
        lines += [f"{evaluation.absent:,} accounts of the truth are absent from the output and count as not found."]
    if evaluation.unknown:
        lines += [f"{evaluation.unknown:,} accounts of the output are not in the truth and were left out."]
    return "\n".join(lines) + "\n"
