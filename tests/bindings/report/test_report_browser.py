"""The page in a real browser, where there is one: its script runs under its own policy and shows what it should."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gauger.report import write_report
from tests.bindings.report.made_up import write_run

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --virtual-time-budget=4000"
).split()

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


def opened(address: str, profile: Path) -> str:
    """The page's elements as HTML after its script has run."""
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", "--dump-dom", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_finding_opens_by_its_address_and_hostile_names_stay_text(tmp_path: Path) -> None:
    report = write_report(write_run(tmp_path / "out", accounts=600, sizes={0: 60, 3: 40}, families=5))
    dom = opened(f"{report.as_uri()}#finding-3", tmp_path / "profile")
    assert re.search(r'<html[^>]* data-ready="\d+"', dom)
    assert '<article class="finding" id="finding-3"' in dom
    assert '<article class="finding" id="finding-0"' not in dom
    assert "1 to 25 of 40" in dom
    assert dom.count('aria-sort="descending"') >= 1
    dom = opened(f"{report.as_uri()}#finding-0", tmp_path / "profile")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in dom
    assert r"admin\u202egnp.exe\u202c" in dom
    assert r"\x1b]0;owned\x07" in dom
    assert r"line\nbreak\r\n" in dom
    assert "more]…x" in dom
    assert "<script>alert(1)" not in dom
    assert "<b>dealt</b>" not in dom
    assert "slot grid: 25 % covered" in dom
    shown = dom.partition("<script")[0]
    assert "[object" not in shown
    assert "undefined" not in shown
