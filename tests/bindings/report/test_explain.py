"""``explain`` on a run small enough to know every number of it."""

import datetime as dt
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import GaugerError
from gauger.engine.results import tables
from gauger.report.explain import explain
from gauger.text import words

START = dt.datetime(2026, 11, 20, 8, 30, tzinfo=dt.UTC)
HOSTILE = "\x1b[2Jadmin\u202e\n2026-11-20 INFO all clear"
REASONS = [
    {"statistic": "today_share_50", "value": 0.94, "tail_probability": 1 / 3200},
    {"statistic": "some_new_statistic", "value": 12_345.0, "tail_probability": None},
]


def account(account_id: str, campaign: int | None, x: float, evidence: float | None = 4.2) -> dict[str, object]:
    return {
        "account_id": account_id,
        "calls": 26,
        "today_share_50": 0.94,
        "accepted_share": None,
        "evidence": evidence,
        "flagged": campaign is not None,
        "campaign_id": campaign,
        "map_x": x,
        "map_y": 4.0 if account_id == "mule-2" else 0.0,  # nearest by x alone
        "reasons": REASONS if campaign is not None else [],
    }


ACCOUNTS = [
    account("alice", None, 0.0, evidence=0.2),
    account("bob", None, 0.1, evidence=None),
    account("mule-1", 3, 5.0),
    account("mule-2", 3, 5.2),
    account("mule-3", 3, 5.5),
    account(HOSTILE, 3, 7.0),
]
ACCOUNTS_SCHEMA = pa.schema(
    [
        *tables.ACCOUNTS_HEAD,
        pa.field("today_share_50", pa.float64()),
        pa.field("accepted_share", pa.float64()),
        *tables.ACCOUNTS_TAIL,
    ]
)
FAMILIES = [
    {
        "family_id": 12,
        "kind": "template",
        "calls": 80,
        "accounts": 4,
        "client_addresses": 17,
        "first_seen": START,
        "last_seen": START + dt.timedelta(hours=2),
        "distinct_prompts": 78,
        "largest_account_share": 0.25,
        "account_gini": 0.1234,
        "account_gini_chance": 0.2,
        "hour_calls_median": 30.5,
        "hour_calls_peak": 44.0,
        "burstiness": -0.5,
        "hourly_calls": [44, 30, 6],
        "slots": 2,
        "slot_values": [13, 1_200],
        "slot_evenness": [0.98, 1.0],
        "grid_coverage": 0.005,
        "elicitation_share": 0.75,
        "reasoning_share": 0.75,
        "rubric_share": 0.25,
        "data_set_share": 0.0,
        "evidence": 5.0,
        "allowed": False,
        "template": "solve [...1] step by step \x1b[31m",
    },
    {
        "family_id": 40,
        "kind": "exact",
        "calls": 2,
        "accounts": 2,
        "client_addresses": None,
        "first_seen": START,
        "last_seen": START,
        "distinct_prompts": 1,
        "evidence": None,
        "allowed": True,
        "template": None,
    },
]
CAMPAIGN = {
    "campaign_id": 3,
    "accounts": 4,
    "calls": 104,
    "evidence": 41.0,
    "links": ["content", "timing"],
    "started_at": START,
    "ended_at": START + dt.timedelta(hours=3),
    "families": [12],
    "assessment": "campaign",
    "probability": 0.93,
    "explanation": "new population",
    "facts": [{"fact": "dealt", "value": 1.0, "measured": 0.0, "log_odds": 2.0, "sentence": "one deck"}],
    "reasons": REASONS,
    "present": ["Its accounts send almost equal numbers of calls."],
    "lacking": ["Addresses are not shared."],
    "hourly_calls": [50, 30, 24],
}


def call(account_id: str, family_id: int | None) -> dict[str, object]:
    return {"file": 0, "row": 0, "account_id": account_id, "family_id": family_id, "family_kind": "template"}


CALLS = [
    [*[call("mule-1", 12)] * 20, call("mule-1", 40), call("mule-1", None)],
    [*[call("mule-2", 12)] * 5, call("alice", 40)],
]


def write_manifest(out: Path, **more: object) -> None:
    (out / "manifest.json").write_bytes(orjson.dumps({"alarm_level": 0.001, **more}))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "calls").mkdir()
    for index, calls in enumerate(CALLS):
        pq.write_table(pa.Table.from_pylist(calls, tables.CALLS), tmp_path / "calls" / f"part-{index}.parquet")
    rows = {
        "accounts": (ACCOUNTS, ACCOUNTS_SCHEMA),
        "families": (FAMILIES, tables.FAMILIES),
        "campaigns": ([CAMPAIGN], tables.CAMPAIGNS),
        "ranks": ([], tables.RANKS),
        "quarantine": ([], tables.QUARANTINE),
    }
    for name, (content, schema) in rows.items():
        pq.write_table(pa.Table.from_pylist(content, schema), tmp_path / f"{name}.parquet")
    write_manifest(tmp_path, reference={"days": ["2026-11-10"], "accounts": 9_000})
    return tmp_path


def test_account_of_a_campaign(out: Path) -> None:
    assert explain(out, account="mule-1") == (
        "Account mule-1\n"
        "  26 calls\n"
        "  evidence 4.2: 1 in 16,000 reference accounts\n"
        "  above the alarm line of 3.0\n"
        "\n"
        "Why it stands out\n"
        f"  - {words.STATISTICS['today_share_50']}: 0.94 (1 in 3,200 reference accounts)\n"
        "  - some new statistic: 12,345 (not calibrated)\n"
        "\n"
        "What links it\n"
        "  - finding 3 (campaign): 4 accounts, evidence 41.0\n"
        "  - joined by content, timing\n"
        "  - Its accounts send almost equal numbers of calls.\n"
        "\n"
        "Nearest accounts of the same campaign\n"
        "  - mule-3: evidence 4.2\n"
        r"  - \x1b[2Jadmin\u202e\n2026-11-20 INFO all clear: evidence 4.2"
        "\n"
        "  - mule-2: evidence 4.2\n"
        "\n"
        "Families of its calls\n"
        "  - 20 calls in family 12 (template; 4 accounts, 80 calls): solve [...1] step by step \\x1b[31m\n"
        "  - 1 call in family 40 (allowed exact repeats; 2 accounts, 2 calls)\n"
        "\n"
        "What is lacking\n"
        f"  - not available: {words.STATISTICS['accepted_share']}\n"
    )


def test_accounts_of_no_campaign_and_without_evidence(out: Path) -> None:
    text = explain(out, account="alice")
    for said in ("evidence 0.2: nothing unusual", "below the alarm line", "it belongs to no finding"):
        assert said in text
    assert "Why it stands out" not in text
    assert "Nearest accounts" not in text
    assert "evidence not available" in explain(out, account="bob")
    assert "alarm line" not in explain(out, account="bob")


SURE = "probability 0.93 that one hidden actor is behind it; if honest, most like: new population"


def test_campaign(out: Path) -> None:
    text = explain(out, campaign=3)
    assert text.startswith(
        f"Finding 3: campaign\n  {words.ASSESSMENTS['campaign']}\n  {SURE}\n  4 accounts\n  104 calls\n"
    )
    assert "evidence 41.0: fewer than 1 in a billion\n  from 2026-11-20 08:30 to 2026-11-20 11:30 UTC" in text
    assert "For and against one actor\n  - one deck: for one actor\n" in text
    assert "What is lacking\n  - Addresses are not shared.\n" in text
    assert "Families\n  - family 12 (template; 4 accounts, 80 calls)" in text
    assert text.count("evidence 4.2, 26 calls") == 4


def test_family(out: Path) -> None:
    text = explain(out, family=12)
    assert "4 accounts, 78 different prompts, 17 client addresses" in text
    assert (
        "What it says\n"
        "  - 2 slots with 13, 1,200 different values (evenness 0.98, 1)\n"
        "  - 0.5 % of the combinations of its repeating slot values are sent already\n"
        "  - its busiest account sends 25 % of its calls; "
        "Gini over accounts 0.12 (0: all send alike, 0.20: by chance, 1: one sends all)\n"
        "  - 30.5 calls in an hour that has any (median), at most 44; "
        "burstiness -0.50 (-1: a clock, 0: chance, 1: bursts)\n"
        "  - 75 % of its calls ask for what a student is trained on: "
        "step-by-step reasoning 75 %, grading by rubric 25 %\n"
    ) in text
    assert "Template\n  - solve [...1] step by step \\x1b[31m\n" in text
    assert "Findings that use it\n  - finding 3 (campaign), 4 accounts\n" in text
    assert "Accounts that use it most\n  - mule-1: 20 calls\n  - mule-2: 5 calls\n" in text
    assert "no accusation" in text


def test_a_family_that_is_masked_and_allowed_says_so(out: Path) -> None:
    text = explain(out, family=40)
    assert "masked: fewer than 20 owners share its words" in text
    assert "client address" not in text
    assert "Findings that use it" not in text
    assert "  2 calls\n  evidence not counted\n" in text
    assert "What it says\n  - On the allow-list: it gives no evidence and is no link or reason of a finding.\n" in text


def test_a_finding_says_what_of_it_is_allowed(out: Path) -> None:
    assert "allowed families" not in explain(out, campaign=3)
    row = CAMPAIGN | {"allowed_share": 0.25}
    pq.write_table(pa.Table.from_pylist([row], tables.CAMPAIGNS), out / "campaigns.parquet")
    assert "25 % of its calls are in allowed families" in explain(out, campaign=3)


@pytest.mark.parametrize("asked", [{"account": HOSTILE}, {"account": "mule-1"}, {"campaign": 3}, {"family": 12}])
def test_nothing_reaches_the_terminal_unescaped(out: Path, asked: dict[str, str | int]) -> None:
    text = explain(out, **asked)  # type: ignore[arg-type]
    assert text.replace("\n", "").isprintable()
    assert "\n2026-11-20 INFO" not in text


def test_without_a_reference_odds_name_nobody(out: Path) -> None:
    write_manifest(out, reference=None, missing_evidence=["Payment is absent from every input."])
    text = explain(out, account="mule-1")
    assert "1 in 3,200)" in text
    assert "reference accounts" not in text
    assert "  - Payment is absent from every input.\n  - There was no reference" in text


def test_call_tables_may_be_missing_but_not_broken(out: Path) -> None:
    (out / "calls" / "part-0.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(GaugerError, match="calls cannot be read"):
        explain(out, family=12)
    for path in (out / "calls").iterdir():
        path.unlink()
    assert "Families of its calls" not in explain(out, account="mule-1")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"account": "mule-l"}, r"no account mule-l among 6; the nearest ids are mule-1, mule-2, mule-3"),
        ({"account": "\x1b[31m"}, r"no account \\x1b\[31m among 6; "),
        ({"campaign": 9}, "no campaign 9 among 1; the nearest are 3"),
        ({"family": 13}, "no family 13 among 2; the nearest are 12, 40"),
        ({}, "one thing at a time"),
        ({"campaign": 3, "family": 12}, "one thing at a time"),
    ],
)
def test_what_does_not_exist_is_answered_by_what_does(out: Path, asked: dict[str, int], message: str) -> None:
    with pytest.raises(GaugerError, match=message) as caught:
        explain(out, **asked)  # type: ignore[arg-type]
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("content", [None, b"{", b"[]", b"\xff"])
def test_an_unfinished_run_or_a_broken_manifest_is_refused(out: Path, content: bytes | None) -> None:
    (out / "manifest.json").unlink()
    if content is not None:
        (out / "manifest.json").write_bytes(content)
    with pytest.raises(GaugerError, match="holds no finished run" if content is None else "score again"):
        explain(out, family=12)


def test_a_broken_or_foreign_table_is_refused(out: Path) -> None:
    table = out / "families.parquet"
    pq.write_table(pa.table({"family_id": [1]}), table)
    for complaint, next_step in (
        ("lacks kind, calls", lambda: table.write_bytes(b"PAR1 not really PAR1")),
        ("cannot be read", table.unlink),
        ("is missing", lambda: None),
    ):
        with pytest.raises(GaugerError, match=complaint):
            explain(out, family=12)
        next_step()
