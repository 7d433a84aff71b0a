"""The report on a made-up run of 20,000 accounts, some of whose names are attacks on the reader."""

import datetime as dt
import os
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import GaugerError
from gauger.engine.findings.verdicts import VERDICTS
from gauger.engine.results import tables
from gauger.report import outputs, page, plots, sparkline, summary, write_report
from gauger.text import words

ACCOUNTS = 20_000
START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example/","open")',
    "\x1b]0;owned\x07\x1b[2Jterminal",
    "admin\u202egnp.exe\u202c",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "line\nbreak\r\n2026-11-20 INFO all clear",
    "x" * 5_000,
]
SIZES = {0: 480, 1: 260, 2: 120, 3: 60, 4: 40, 5: 25, 6: 22, 7: 21}
ASSESSED = [VERDICTS[kind] for kind in (0, 0, 1, 0, 2, 3, 4, 0)]
STATISTICS = {
    "today_share_50": (0.30, 0.08, 0.62),
    "today_share_20": (0.31, 0.08, 0.70),
    "hour_entropy": (0.62, 0.15, 0.20),
    "gap_variation": (1.80, 0.50, -1.40),
    "addresses_per_call": (0.12, 0.05, 0.30),
    "a_statistic_nobody_described": (5000.0, 900.0, 3000.0),
}


def reason(statistic: str, value: float, tail_probability: float | None) -> dict[str, object]:
    return {"statistic": statistic, "value": value, "tail_probability": tail_probability}


def accounts_table(accounts: int, sizes: dict[int, int]) -> pa.Table:
    """``accounts`` accounts, the first ones in campaigns of ``sizes``, then twenty flagged ones in none."""
    random = np.random.default_rng(7)
    campaign = np.full(accounts, -1)
    members = np.repeat(list(sizes), list(sizes.values())).astype(int)
    campaign[: len(members)] = members
    joined = campaign >= 0
    evidence = random.exponential(1 / np.log(10), accounts)
    evidence = np.where(joined, 3.2 + random.gamma(2.0, 0.7, accounts), np.minimum(evidence, 2.9))
    evidence[len(members) : len(members) + 20] = 3.4
    evidence[: len(HOSTILE)] = np.where(joined[: len(HOSTILE)], 9.5, 1.0)  # so that their names are shown
    flagged = evidence >= 3
    angle = 2.4 * campaign
    reasons = [reason("today_share_50", 0.94, 1 / 3200), reason("gap_variation", 0.21, 0.004)]
    columns: dict[str, object] = {
        "account_id": [*HOSTILE, *(f"acct-{index:06d}" for index in range(accounts))][:accounts],
        "calls": random.geometric(1 / 20, accounts),
    }
    for name, (mean, spread, shift) in STATISTICS.items():
        column = random.normal(mean, spread, accounts) + shift * joined
        columns[name] = pa.array(column, pa.float64(), mask=random.random(accounts) < 0.1)
    columns["payment_fan_out"] = pa.nulls(accounts, pa.float64())
    columns |= {
        "evidence": pa.array(evidence, mask=np.arange(accounts) % 101 == 100),
        "flagged": flagged,
        "campaign_id": pa.array(campaign, pa.int64(), mask=~joined),
        "map_x": random.normal(0, 1, accounts) * np.where(joined, 0.3, 1.5) + 4 * joined * np.cos(angle),
        "map_y": random.normal(0, 1, accounts) * np.where(joined, 0.3, 1.5) + 4 * joined * np.sin(angle),
        "reasons": pa.array([reasons if odd else [] for odd in flagged], pa.list_(tables.REASON)),
    }
    return pa.table(columns)


def families_table(families: int) -> pa.Table:
    templates = [
        "you are an expert [...] . solve the following [...] step by step and end with final answer : [...]",
        "=cmd|' /C calc'!A0 [...]",
        "</code><script>fetch('//evil.example')</script> [...] \u202e reversed \x1b[31m red",
        "translate [...] into [...] " + "and explain every choice of words " * 40,
        None,
    ]
    ids = range(families)
    columns = {
        "family_id": ids,
        "kind": [tables.FAMILY_KINDS[index % 3] for index in ids],
        "calls": [30_000 // (index + 1) for index in ids],
        "accounts": [900 // (index + 1) + 2 for index in ids],
        "client_addresses": [1_000 // (index + 1) if index % 2 else None for index in ids],
        "first_seen": [START] * families,
        "last_seen": [START + dt.timedelta(hours=20)] * families,
        "distinct_prompts": [20_000 // (index + 1) for index in ids],
        "account_gini": [0.3 if index % 5 else None for index in ids],
        "hourly_calls": [[3, 0, 40] if index % 4 else None for index in ids],
        "slot_values": [[50, 50] if index % 3 == 0 else None for index in ids],
        "allowed": [index == 2 for index in ids],
        "template": [templates[index % len(templates)] for index in ids],
    }
    missing = {name: pa.nulls(families) for name in tables.FAMILIES.names}
    return pa.table(missing | columns, tables.FAMILIES)


def campaigns_table(sizes: dict[int, int]) -> pa.Table:
    shape = np.sin(np.linspace(0, 3, 22))
    reasons = [reason("union_similarity", 0.0131, 1e-40), reason("today_share_50", 0.94, 1 / 3200)]
    common = {
        "started_at": START + dt.timedelta(minutes=5),
        "ended_at": START + dt.timedelta(hours=21, minutes=47),
        "reasons": [*reasons, reason("volume_evenness", 0.97, None)],
        "present": ["Its accounts send almost equal numbers of calls.", "No call is in a conversation."],
        "lacking": ["Addresses are not shared: <b>none</b> \u202e seen.", "Account ages are not available."],
    }
    rows = [
        {
            "campaign_id": campaign,
            "accounts": size,
            "calls": size * 26,
            "evidence": 41.3 - 4 * campaign,
            "links": ["content", "timing", "client addresses"][: 1 + campaign % 3],
            "families": list(range(campaign, campaign + 14)) if campaign % 2 == 0 else [],
            "assessment": ASSESSED[campaign % len(ASSESSED)],
            "probability": 0.9,
            "explanation": "new population",
            "facts": [
                {
                    "fact": "dealt",
                    "value": value,
                    "measured": 0.01,
                    "log_odds": 2.0,
                    "sentence": f"<b>dealt</b> {value}",
                }
                for value in (0.9, 0.5, 0.1, None)
            ],
            "hourly_calls": np.round(size * 1.6 * shape).astype(int).tolist(),
        }
        for campaign, size in sizes.items()
    ]
    return pa.Table.from_pylist([row | common for row in rows], tables.CAMPAIGNS)


def manifest(accounts: int, flagged: int) -> dict[str, object]:
    day = [int(16_666 + 12_000 * np.sin((hour - 6) / 24 * 6.28)) for hour in range(24)]
    counts = {"rows": 400_123, "scored": 400_000, "quarantined": 123}
    whole = {"path": "logs/day.parquet", "sha256": "ab" * 32, "bytes": 91_000_000, "error": None} | counts
    broken = {"path": "<script>.jsonl", "sha256": None, "bytes": 10, "error": "not a JSONL file: \x1b[31mred"}
    start = START.isoformat()
    return counts | {
        "gauger": "0.1.0",
        "inputs": [whole, broken],
        "accounts": accounts,
        "flagged_accounts": flagged,
        "window": {"start": start, "end": "2026-11-21T00:00:00+00:00"},
        "reference": {"days": ["2026-11-11", "2026-11-12", "2026-11-13"], "accounts": 54_000},
        "missing_evidence": ["Payment fingerprints are absent, so accounts cannot be joined by payment."],
        "warnings": [f"{number} of 9 <b>rows</b> refused \x1b[2J" for number in range(25)],
        "alarm_level": 0.001,
        "false_positive_rate": {"expected": 0.001},
        "calls_per_second": 28_000.0,
        "key_id": "k-7f3a",
        "hourly_calls": {"start": start, "calls": day, "flagged_calls": [calls // 12 for calls in day]},
    }


def write_run(out: Path, accounts: int = ACCOUNTS, sizes: dict[int, int] = SIZES, families: int = 400) -> Path:
    (out / "calls").mkdir(parents=True)
    table = accounts_table(accounts, sizes)
    pq.write_table(table, out / "accounts.parquet")
    pq.write_table(families_table(families), out / "families.parquet")
    pq.write_table(campaigns_table(sizes), out / "campaigns.parquet")
    reasons = ["start_time is not a time"] * 120 + ["<script>bad()</script>"] * 3
    quarantine = pa.table(
        {"file": [0] * 123, "row": range(123), "account_id": [None] * 123, "reason": reasons}, tables.QUARANTINE
    )
    pq.write_table(quarantine, out / "quarantine.parquet")
    (out / "manifest.json").write_bytes(orjson.dumps(manifest(accounts, int(np.sum(table["flagged"])))))
    return out


def write_empty_run(out: Path) -> Path:
    """A run whose inputs held nothing, and whose manifest says as little as can be."""
    out.mkdir()
    statistic = pa.field("today_share_50", pa.float64())
    schemas = {
        "accounts": pa.schema([*tables.ACCOUNTS_HEAD, statistic, *tables.ACCOUNTS_TAIL]),
        "families": tables.FAMILIES,
        "campaigns": tables.CAMPAIGNS,
        "quarantine": tables.QUARANTINE,
    }
    for name, schema in schemas.items():
        pq.write_table(schema.empty_table(), out / f"{name}.parquet")
    (out / "manifest.json").write_bytes(b'{"reference": null}')
    return out


class Page(HTMLParser):
    """Elements with their attributes, and the text outside ``style``, of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "out")


@pytest.fixture(scope="module")
def html(run: Path) -> str:
    return write_report(run).read_text("utf-8")


@pytest.fixture(scope="module")
def parsed(html: str) -> Page:
    return Page(html)


def test_nothing_in_the_page_can_run_or_reach_the_network(html: str, parsed: Page) -> None:
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"script", "iframe", "object", "embed", "base", "form", "img", "link", "foreignobject"}
    for _, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "xlink:href", "src", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    policies = [a["content"] for t, a in parsed.elements if t == "meta" and "http-equiv" in a]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_hostile_text_is_shown_and_inert(html: str, parsed: Page) -> None:
    assert "<script>alert(1)</script>" in parsed.text
    assert "'=HYPERLINK(" in parsed.text
    assert "'=cmd|" in parsed.text
    assert r"\x1b]0;owned\x07" in parsed.text
    assert r"admin\u202egnp.exe" in parsed.text
    assert r"line\nbreak\r\n" in parsed.text
    assert "more]…x" in parsed.text
    assert not {character for character in html if not character.isprintable()} - {"\n"}


def test_warnings_stand_before_all_figures(parsed: Page) -> None:
    shown, _, _ = parsed.text.partition("calls scored")
    assert r"0 of 9 <b>rows</b> refused \x1b[2J" in shown
    assert "and 6 warnings more" in shown  # than 20: 25, and one of a file that could not be read


def test_every_finding_is_there_strongest_first(html: str, parsed: Page) -> None:
    articles = [attributes["id"] for tag, attributes in parsed.elements if tag == "article"]
    assert articles == [f"finding-{campaign}" for campaign in SIZES]
    for sentence in words.ASSESSMENTS.values():
        assert sentence in parsed.text
    assert "Probability 0.90 that one hidden actor is behind it; if honest, most like: new population." in parsed.text
    for side in ("0.9: for one actor", "0.5: for neither", "0.1: for a crowd", "None: not known"):
        assert f"<b>dealt</b> {side}" in parsed.text
    assert "and 455 accounts more: see accounts.parquet" in parsed.text
    assert "and 9 families more: see families.parquet" in parsed.text
    assert "1 in 3,200" in parsed.text
    assert "fewer than 1 in a billion" in parsed.text
    assert "not calibrated" in parsed.text


def test_headlines_and_plain_words(parsed: Page) -> None:
    assert "400,000" in parsed.text
    headline = "4 groups of accounts act as one; 3 further groups look new without acting as one; 1 group is unclear."
    assert headline in parsed.text
    assert "20 flagged accounts in no finding" in parsed.text
    assert "54,000 accounts from 3 earlier days (2026-11-11 to 2026-11-13)" in parsed.text
    assert "about 20 honest accounts of 20,000" in parsed.text
    assert "joined by payment" in parsed.text
    assert words.STATISTICS["today_share_50"] in parsed.text
    assert "a statistic nobody described" in parsed.text
    assert "Novelty is not attack" in parsed.text


def test_figures_keep_text_and_follow_the_scheme(html: str, parsed: Page) -> None:
    assert sum(tag == "figure" for tag, _ in parsed.elements) == 3
    for shown in ("All calls per hour", "alarm (3)", "09:00", "Finding"):
        assert shown in parsed.text
    assert "8,000 of 20,000 accounts are shown" in parsed.text
    assert "var(--alarm)" in html
    assert "#0a0b0c" not in html


def test_ids_are_unique_and_references_resolve(parsed: Page) -> None:
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    markers = {identifier for identifier in ids if ids.count(identifier) > 1}
    assert not markers
    targets = [a.get("href") or a.get("xlink:href") or "" for _, a in parsed.elements]
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)


def test_tables_have_headers_and_scroll_in_their_box(parsed: Page) -> None:
    tables_shown = sum(tag == "table" for tag, _ in parsed.elements)
    boxes = [a for tag, a in parsed.elements if tag == "div" and a.get("class") == "scroll"]
    assert len(boxes) == tables_shown > 10
    assert all(box.get("aria-label") and box.get("tabindex") == "0" for box in boxes)
    assert all("scope" in attributes for tag, attributes in parsed.elements if tag == "th")


def test_the_file_is_small_and_its_bytes_repeat(run: Path, html: str) -> None:
    again = write_report(run).read_bytes()
    assert again == html.encode()
    assert len(again) < 3_000_000
    assert not list(run.glob(".report*"))


def test_empty_run_says_so(tmp_path: Path) -> None:
    parsed = Page(write_report(write_empty_run(tmp_path / "out")).read_text("utf-8"))
    assert "There was nothing to score" in parsed.text
    assert "There was no reference of earlier days" in parsed.text
    assert "No accounts were found to act together." in parsed.text
    assert "No two calls shared a prompt" in parsed.text
    assert "No row was quarantined." in parsed.text
    assert "figure" not in {tag for tag, _ in parsed.elements}
    assert "None" not in parsed.text


def test_quiet_day_without_campaigns(tmp_path: Path) -> None:
    parsed = Page(write_report(write_run(tmp_path / "out", accounts=300, sizes={}, families=0)).read_text("utf-8"))
    assert "No campaign was found. No group of accounts stood out from the rest." in parsed.text
    assert "article" not in {tag for tag, _ in parsed.elements}


def test_findings_beyond_fifty_are_in_the_table(tmp_path: Path) -> None:
    sizes = dict.fromkeys(range(120), 2)
    parsed = Page(write_report(write_run(tmp_path / "out", accounts=500, sizes=sizes, families=3)).read_text("utf-8"))
    assert sum(tag == "article" for tag, _ in parsed.elements) == 50
    assert all(f"Finding {campaign}" in parsed.text for campaign in sizes)
    assert "The other 70 findings are in the table above only" in parsed.text


@pytest.mark.parametrize("hourly", [{"start": "?", "calls": [1]}, {"start": "2026-11-20", "calls": [None]}, 3])
def test_manifest_of_odd_types_does_not_break_the_page(tmp_path: Path, hourly: object) -> None:
    out = write_run(tmp_path / "out", accounts=300, sizes={0: 30}, families=2)
    odd = {"inputs": ["x", {"path": 3, "rows": "many"}], "rows": "many", "reference": [], "alarm_level": 7}
    odd |= {"gauger": None, "window": {"start": "yesterday", "end": None}, "hourly_calls": hourly, "warnings": 3}
    (out / "manifest.json").write_bytes(orjson.dumps(odd))
    parsed = Page(write_report(out).read_text("utf-8"))
    assert "yesterday to now" in parsed.text
    assert "Volume over time" not in parsed.text


def test_missing_extra_says_what_to_install(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "gauger.report.page")
    monkeypatch.delattr("gauger.report.page")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(GaugerError, match=r"pip install 'gauger\[report\]'"):
        write_report(run)


def test_a_failed_write_keeps_the_old_report(run: Path, html: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GaugerError, match="No space left on device"):
        page.write(run)
    assert (run / "report.html").read_text("utf-8") == html
    assert not list(run.glob(".report*"))


def test_statistics_compare_medians(run: Path) -> None:
    rows = {row.words: row for row in summary.statistics(outputs.read(run))}
    share = rows[words.STATISTICS["today_share_50"]]
    assert share.flagged == pytest.approx(0.92, abs=0.03)
    assert share.others == pytest.approx(0.30, abs=0.03)
    assert share.available == pytest.approx(0.9, abs=0.01)
    assert rows["payment fan out"].flagged is None
    assert rows["payment fan out"].available == 0


def test_sparkline_bins_long_times_and_keeps_the_sum() -> None:
    counts = list(range(1_000))
    assert sum(sparkline.binned(counts)) == sum(counts)
    assert len(sparkline.binned(counts)) <= 96
    assert sparkline.binned([]) == []
    assert sparkline.sparkline([0, 4, 2], "label").count("M") == 2


@pytest.mark.parametrize("hours", [1, 24, 49, 24 * 15])
def test_volume_labels_are_few(hours: int) -> None:
    svg = plots.volume(START, [10] * hours, [1] * hours)
    assert ("per day" in svg) == (hours == 24 * 15)
    assert 1 <= svg.count('id="volume-xtick_') <= 2 * 8


def test_map_keeps_campaigns_when_it_thins() -> None:
    campaign = np.full(50_000, -1)
    campaign[::5_000] = 3
    shown = plots._sample(campaign)
    assert len(shown) == len(set(shown.tolist())) == plots.points_shown(50_000)
    assert (campaign[shown] == 3).sum() == 10
