"""The report on a made-up run of 20,000 accounts, some of whose names are attacks on the reader."""

import base64
import hashlib
import os
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from gauger.engine.common.errors import GaugerError
from gauger.engine.results import tables
from gauger.report import page, summary, write_report
from gauger.report.packing import unpacked
from gauger.results.run import read_run
from gauger.text import words
from tests.bindings.report.made_up import HOSTILE, SIZES, write_empty_run, write_run


class Page(HTMLParser):
    """Elements with their attributes, the text outside ``style`` and ``script``, and the blocks of data of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.data: dict[str, Any] = {}
        self.scripts: list[str] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, attributes = self._open[-1] if self._open else ("", {})
        if tag == "script" and attributes.get("type") == "application/json":
            self.data[str(attributes["id"])] = unpacked(orjson.loads(data))
        elif tag == "script":
            self.scripts.append(data)
        elif tag != "style":
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


def test_only_the_pages_own_script_can_run_and_nothing_reaches_the_network(html: str, parsed: Page) -> None:
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"iframe", "object", "embed", "base", "form", "img", "link", "foreignobject"}
    for _, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "xlink:href", "src", "action"):
            assert (attributes.get(name) or "#").startswith("#")
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    (script,) = parsed.scripts
    (policy,) = [a["content"] or "" for t, a in parsed.elements if t == "meta" and "http-equiv" in a]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for name, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules.pop(name) == f"'sha256-{digest}'"
    nothing = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
    assert rules == nothing | {"require-trusted-types-for": "'script'"}


def test_the_script_never_makes_html_or_code_from_data(parsed: Page) -> None:
    words_of_danger = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|fetch\(|XMLHttp|import\("
    assert not re.findall(words_of_danger, parsed.scripts[0])


def test_hostile_text_is_shown_and_inert(html: str, parsed: Page) -> None:
    shown = parsed.text
    assert "'=cmd|" in shown
    assert r"\x1b" in shown
    assert not {character for character in html if not character.isprintable()} - {"\n"}
    ids = parsed.data["data-accounts"]["id"]
    members = [name for name in HOSTILE if name in ids]
    assert members == sorted(members, key=ids.index) or len(members) == len(HOSTILE)
    assert set(HOSTILE) <= set(ids)  # whole, for copies and downloads: the script writes them out as it shows them
    assert "<script>alert(1)" not in html


def test_every_account_of_a_finding_and_every_flagged_one_is_there(run: Path, parsed: Page) -> None:
    table = pq.read_table(run / "accounts.parquet")
    core, accounts = parsed.data["data-core"], parsed.data["data-accounts"]
    for finding in core["findings"]:
        wanted = table.filter(np.asarray(table["campaign_id"].fill_null(-1)) == finding["id"])["account_id"].to_pylist()
        assert sorted(accounts["id"][finding["first"] : finding["last"]]) == sorted(wanted)
        assert len(wanted) == SIZES[finding["id"]]
        evidence = [one for one in accounts["evidence"][finding["first"] : finding["last"]] if one is not None]
        assert evidence == sorted(evidence, reverse=True)
    first, last = core["loose"]
    assert last - first == 20
    assert core["accounts_of_all"] == core["covered"] == len(accounts["id"]) == sum(SIZES.values()) + 20
    assert "20 flagged accounts stand alone" in parsed.text


def test_any_account_has_its_statistics_reasons_and_families(run: Path, parsed: Page) -> None:
    core, accounts = parsed.data["data-core"], parsed.data["data-accounts"]
    row = len(accounts["id"]) - 3
    chunk, at = parsed.data[f"data-{row // core['chunk']}"], row % core["chunk"]
    (wanted,) = pq.read_table(run / "accounts.parquet", filters=[("account_id", "=", accounts["id"][row])]).to_pylist()
    names = read_run(run).statistics
    assert [name for name, _ in core["statistics"]] == [words.statistic(name) for name in names]
    for name, column in zip(names, chunk["statistics"], strict=True):
        assert column[at] == (None if wanted[name] is None else pytest.approx(wanted[name], rel=0.01))
    assert chunk["reasons"][at][0] == ["today_share_50", 0.94, pytest.approx(1 / 3200, rel=0.01)]
    assert chunk["families"][at] == [1, 2, 0, 1, 0]  # two calls in family 1, one in family 0, none left out


def test_a_finding_is_told_with_its_own_share_of_each_family(parsed: Page) -> None:
    first = parsed.data["data-core"]["findings"][0]
    assert first["id"] == 0
    story = " ".join(first["story"])
    assert story.startswith("480 accounts sent 12,480 calls, 3.1 % of the run's, from 2026-11-20 00:05 to")
    assert "They are linked by what they ask." in story
    (family,) = first["families"]
    assert (family["id"], family["calls"], family["calls_of_all"], family["accounts"]) == (0, 480 * 3, 30_000, 480)
    assert family["share"] == pytest.approx(480 * 3 / 30_000)
    assert "Probability 0.90 that one hidden actor is behind it; if honest, most like: new population." in first["sure"]
    assert [fact["side"] for fact in first["facts"]] == [
        "start",
        "for one actor",
        "for neither",
        "for a crowd",
        "not known",
    ]
    assert first["present"][1] == "No call is in a conversation."
    assert first["honest"].startswith("A new group of real users")
    assert first["reasons"][0][2] == "fewer than 1 in a billion"
    assert first["reasons"][2][2] == "not calibrated"


def test_nothing_in_the_data_is_no_number(html: str) -> None:
    for text in re.findall(r'<script type="application/json" id="[^"]+">"([^"]+)"</script>', html):
        unpacked(text)  # orjson refuses NaN and infinities
    assert "NaN" not in Page(html).text


def test_warnings_stand_before_all_figures(parsed: Page) -> None:
    shown, _, _ = parsed.text.partition("calls scored")
    assert r"0 of 9 <b>rows</b> refused \x1b[2J" in shown
    assert "and 6 warnings more" in shown  # than 20: 25, and one of a file that could not be read


def test_the_list_of_findings_needs_no_script(parsed: Page) -> None:
    links = [a["href"] for tag, a in parsed.elements if tag == "a" and (a.get("href") or "").startswith("#finding-")]
    assert links == [f"#finding-{campaign}" for campaign in SIZES]
    for number in ("480", "12,480", "41.3", "2026-11-20 00:05"):
        assert number in parsed.text


def test_overview_answers_what_how_sure_and_what_now(parsed: Page) -> None:
    headline = "3 groups of accounts act as one; 3 further groups look new without acting as one; 1 group is unclear; "
    assert headline + "1 relay pool." in parsed.text
    assert "1,048 of 20,000 accounts are flagged. 8 findings hold" in parsed.text
    assert "Finding 0 is one hidden actor with probability 0.90." in parsed.text
    assert "about 20 honest accounts of 20,000" in parsed.text
    assert "Read finding 0 first (480 accounts), then the other 2 campaigns." in parsed.text
    assert "20 flagged accounts in no finding: no more than chance gives" in parsed.text
    assert "54,000 accounts from 3 earlier days (2026-11-11 to 2026-11-13)" in parsed.text
    assert "joined by payment" in parsed.text
    assert words.STATISTICS["today_share_50"] in parsed.text
    assert "a statistic nobody described" in parsed.text
    assert "Novelty is not attack" in parsed.text


def test_figures_need_no_script_and_follow_the_scheme(html: str, parsed: Page) -> None:
    assert sum(tag == "figure" for tag, _ in parsed.elements) == 3
    for shown in ("09:00", "alarm 3", "6,000 of 20,000 accounts are shown"):
        assert shown in parsed.text
    assert not re.findall(r"<svg[^>]*#[0-9a-f]{6}", html)


def test_ids_are_unique_and_tables_have_headers(parsed: Page) -> None:
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all("scope" in attributes for tag, attributes in parsed.elements if tag == "th")
    tables_shown = sum(tag == "table" for tag, _ in parsed.elements)
    assert sum(tag == "caption" for tag, _ in parsed.elements) == tables_shown


def test_the_file_is_small_and_its_bytes_repeat(run: Path, html: str) -> None:
    again = write_report(run).read_bytes()
    assert again == html.encode()
    assert len(again) < 600_000
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
    assert parsed.data["data-core"]["findings"] == []


@pytest.mark.parametrize("hourly", [{"start": "?", "calls": [1]}, {"start": "2026-11-20", "calls": [None]}, 3])
def test_manifest_of_odd_types_does_not_break_the_page(tmp_path: Path, hourly: object) -> None:
    out = write_run(tmp_path / "out", accounts=300, sizes={0: 30}, families=2)
    odd = {"inputs": ["x", {"path": 3, "rows": "many"}], "rows": "many", "reference": [], "alarm_level": 7}
    odd |= {"gauger": None, "window": {"start": "yesterday", "end": None}, "hourly_calls": hourly, "warnings": 3}
    odd |= {"drift": {"unlike": 5}, "missing_evidence": "none", "scored": "all"}
    (out / "manifest.json").write_bytes(orjson.dumps(odd))
    parsed = Page(write_report(out).read_text("utf-8"))
    assert "yesterday to now" in parsed.text
    assert "Calls over time" not in parsed.text


def test_findings_of_nulls_do_not_break_the_page(tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", accounts=300, sizes={0: 30}, families=2)
    kept = {"campaign_id": 0, "accounts": 30, "calls": 60}
    pq.write_table(tables.CAMPAIGNS.empty_table().from_pylist([kept], tables.CAMPAIGNS), out / "campaigns.parquet")
    parsed = Page(write_report(out).read_text("utf-8"))
    (finding,) = parsed.data["data-core"]["findings"]
    assert finding["assessment"] == "not assessed"
    assert finding["facts"] == []


def test_what_the_file_has_no_room_for_is_counted(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gauger.report.page._DATA_BYTES_MOST", 1)
    monkeypatch.setattr("gauger.report.members._IDENTIFIER_BYTES_MOST", 14_000)
    parsed = Page(page.render(read_run(run)))
    core, accounts = parsed.data["data-core"], parsed.data["data-accounts"]
    assert 0 < len(accounts["id"]) < core["accounts_of_all"] == sum(SIZES.values()) + 20
    assert core["covered"] == 0


def test_a_damaged_table_of_calls_is_named(tmp_path: Path) -> None:
    out = write_run(tmp_path / "out", accounts=300, sizes={0: 30}, families=2)
    (out / "calls" / "00000.parquet").write_bytes(b"no Parquet")
    with pytest.raises(GaugerError, match=r"00000\.parquet cannot be read .*score again"):
        write_report(out)


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
