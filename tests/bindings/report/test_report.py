"""The report on a made-up run of 20,000 accounts, some of whose names are attacks on the reader."""

import json
import os
import re
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import GaugerError
from gauger.report import findings, page, plots, sparkline, summary, write_report
from gauger.results.run import read_run
from gauger.text import words
from tests.bindings.report.made_up import SIZES, START, write_empty_run, write_run


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
        if not {"style", "script"} & set(self._open):
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


def scripts(html: str) -> tuple[str, str]:
    """The data and the script of a page."""
    data, script = re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)
    return data, script


def test_nothing_in_the_page_can_run_or_reach_the_network(html: str, parsed: Page) -> None:
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"iframe", "object", "embed", "base", "form", "img", "link", "foreignobject"}
    for _, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "xlink:href", "src", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    policies = [a["content"] for t, a in parsed.elements if t == "meta" and "http-equiv" in a]
    data, script = scripts(html)
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    assert policies == [
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{allowed}'"
    ], "our script runs, and no other"
    assert script == resources.files("gauger.report").joinpath("report.js").read_text("utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "http"):
        assert word not in script
    assert "<" not in data


def test_all_accounts_of_all_findings_are_in_the_page(html: str, run: Path) -> None:
    accounts = json.loads(scripts(html)[0])
    table = pq.read_table(run / "accounts.parquet")
    for number, size in SIZES.items():
        own = table.filter(pc.equal(table["campaign_id"], number))["account_id"].to_pylist()
        assert sorted(row[0] for row in accounts[str(number)]) == sorted(own)
        assert len(own) == size
    loose = table.filter(pc.and_(table["flagged"], pc.is_null(table["campaign_id"])))
    assert len(accounts.get("none", [])) == loose.num_rows


def test_drift_is_said_in_plain_words(tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", accounts=300, sizes={}, families=0)
    manifest = orjson.loads((out / "manifest.json").read_bytes())
    manifest["drift"] = {"unlike": ["user_agents_per_call has shifted: index 4", "users ask for other things"]}
    (out / "manifest.json").write_bytes(orjson.dumps(manifest))
    text = Page(write_report(out).read_text("utf-8")).text
    assert "How today is unlike the reference" in text
    assert "client programs per call has shifted" in text
    assert "user_agents_per_call" not in text


def test_calls_of_a_family_that_are_the_findings_own(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "out", accounts=300, sizes={0: 30}, families=2))
    (tmp_path / "out" / "calls").mkdir(exist_ok=True)
    family = next(iter(run.campaigns["families"].to_pylist()[0]))
    calls = pa.table({"campaign_id": [0, 0, None], "family_id": [family, family, family]})
    pq.write_table(calls, tmp_path / "out" / "calls" / "0.parquet")
    (detail,) = findings.detail(run, findings.ranked(run))
    assert [one["own_calls"] for one in detail["families"] if one["family_id"] == family] == [2]


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
    headline = "3 groups of accounts act as one; 3 further groups look new without acting as one; 1 group is unclear; "
    assert headline + "1 relay pool." in parsed.text
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


def test_findings_beyond_so_many_are_in_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_FINDINGS_IN_FULL", 50)
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
    rows = {row.words: row for row in summary.statistics(read_run(run))}
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
