"""The page: every part that was measured, and none that was not."""

from __future__ import annotations

from bench.detection import log as detection_log
from bench.detection import page as detection_page
from bench.detection.log import Row
from bench.detection.rungs import CLEAN, MANY, TOGETHER, rung
from tests.bench.detection.test_sections import recall
from tests.bench.outcomes import outcome

COHORT = {"all": 60, "accounts": 50, "flagged": 20, "assessed": {"campaign": 10, "no finding": 40}}


def scored(part: str, name: str, seed: int = 5, calls: int = 60_000, **figures: object) -> Row:
    return detection_log.row(part, seed, name, calls, "abc", detection_log.packed(outcome(seed, name)) | figures)


def everything() -> list[Row]:
    cuts = [{"hour": 3, "flagged": 0.75, "calls": 400, "honest_flagged": 2}]
    return [
        scored("recall", rung("t0", 80, "content")),
        scored("recall", rung("t0", 80, "content"), seed=6),
        scored("traces", rung("t0", 80, "machine")),
        scored("size", rung("alpaca", accounts=20)),
        scored("calls", rung("alpaca", calls=5)),
        scored("evasion", "gpteacher"),
        scored("findings", MANY),
        scored("benign", CLEAN),
        scored("benign", TOGETHER),
        scored("benign", "new agents", cohort=COHORT),
        detection_log.row("baselines", 5, "t0", 770_000, "def", {"baselines": {"gauger": recall(0.8)}}),
        detection_log.row("stream", 5, "t0", 60_000, "abc", {"stream": cuts}),
    ]


def test_page_merges_what_was_measured() -> None:
    page = detection_page.page(everything())
    for heading in (
        "Recall by content alone, one campaign at a time",
        "What hiding costs",
        "Traces beside content",
        "Size of the campaign",
        "Calls of an account",
        "Evasion, and sets never tuned on",
        "Honest accounts",
        "Honest cohorts that are new on the day",
        "All default campaigns on one day",
        "Eight campaigns on one day",
        "Beside other methods",
        "Calls leaked before detection",
        "Each campaign in detail",
    ):
        assert f"# {heading}\n" in page
    assert "| `recall` | 60,000 | 5, 6 | 2 | 1,000 | `abc` |" in page
    assert "| `baselines` | 770,000 | 5 | 1 | 5,000 | `def` |" in page
    assert "python -m bench.detection --parts recall --calls 60000 --seeds 5 6\n" in page
    assert "{" not in page


def test_page_says_what_was_not_measured() -> None:
    page = detection_page.page([scored("recall", "alpaca_content")])
    assert "| `stream` | not measured | - | 0 | - | - |" in page
    assert "Calls leaked before detection" not in page
    assert "--parts stream" not in page


def test_lines_for_the_terminal() -> None:
    *_, clean, _, agents, baselines, stream = everything()
    assert detection_page.line(clean).startswith("benign, seed 5, clean day: no campaign; honest 0 of 1,000 weighed")
    assert "20 of 50 of the cohort flagged" in detection_page.line(agents)
    assert detection_page.line(baselines) == "baselines, seed 5, t0: recall at 0.1 % gauger 80"
    assert detection_page.line(stream) == "stream, seed 5, t0: 75 % by 3 h"
