"""Known campaigns come back from the state directory as they were, under its own key only."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.findings.known import KnownFindings, Seen
from gauger.engine.reference.directory import StateDirectory
from gauger.engine.reference.kept_findings import load_findings, save_findings
from gauger.kernels.text.features import FEATURES


def seen(number: int, members: int) -> Seen:
    random = np.random.default_rng(number)
    history = tuple((date(2026, 11, day), members, 7 * day) for day in range(3, 3 + number))
    accounts = {
        one: 700_000 + place for place, one in enumerate(random.integers(0, 2**64, members, np.uint64).tolist())
    }
    return Seen(number, random.normal(size=FEATURES).astype(np.float32), tuple(range(number)), accounts, history)


@pytest.mark.parametrize("known", [[], [seen(2, 5)], [seen(1, 3), seen(4, 0), seen(7, 100)]])
def test_the_round_trip(tmp_path: Path, known: list[Seen]) -> None:
    directory = StateDirectory(tmp_path)
    assert load_findings(directory) == KnownFindings()
    for one in (KnownFindings([seen(9, 9)], 10), KnownFindings(known, 12)):
        with directory.writing() as writing:
            save_findings(writing, one)
    found = load_findings(StateDirectory(tmp_path))
    assert found.next_id == 12
    assert len(found.seen) == len(known)
    for one, other in zip(found.seen, known, strict=True):
        np.testing.assert_array_equal(one.direction, other.direction)
        assert (one.campaign_id, one.families, one.members, one.history) == (
            other.campaign_id, other.families, other.members, other.history,
        )  # fmt: skip


def test_another_key_is_refused(tmp_path: Path) -> None:
    with StateDirectory(tmp_path).writing() as writing:
        save_findings(writing, KnownFindings([seen(1, 2)], 2))
    (tmp_path / "key").write_text("0" * 32)
    with pytest.raises(StateError, match="made with key"):
        load_findings(StateDirectory(tmp_path))
