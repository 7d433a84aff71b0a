"""Frames that campaigns put around their prompts."""

from __future__ import annotations

from random import Random

from bench.world.frames import paraphrased_frame, vendor_frame
from bench.world.style import VENDORS


def test_paraphrases_hold_the_prompt_and_hardly_repeat() -> None:
    random = Random(1)
    frames = [paraphrased_frame(random, "PROMPT") for _ in range(2_000)]
    assert all("PROMPT" in frame for frame in frames)
    assert len(set(frames)) > 1_900


def test_an_account_keeps_to_one_vendor() -> None:
    frames = {vendor_frame(account, "PROMPT") for account in "abcdefghij"}
    assert frames <= {vendor.replace("{message}", "PROMPT") for vendor in VENDORS}
    assert len(frames) > 1
