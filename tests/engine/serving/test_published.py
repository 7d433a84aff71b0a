"""Published verdicts: what was weighed is found again with the key, and nothing that was changed is believed."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from gauger.engine.common.errors import StateError
from gauger.engine.common.hashing import hash_column
from gauger.engine.common.secret import Secret
from gauger.engine.serving.published import (
    Published,
    bucketed,
    joined,
    link_hash,
    publish,
    republish,
    sorted_accounts,
)

SECRET = Secret(b"0123456789abcdef")
FINDINGS = [
    {"campaign_id": number, "assessment": "campaign", "probability": 0.9, "evidence": 300.0, "accounts": 3, "calls": 9,
     "explanation": "new population"}
    for number in (4, 7)
]  # fmt: skip


def arrays_of(accounts: dict[str, tuple[int, float, bool]], links: dict[str, int] | None = None) -> dict:
    finding, evidence, flagged = (np.asarray([one[place] for one in accounts.values()]) for place in range(3))
    found = sorted_accounts(SECRET, list(accounts), finding, evidence, flagged)
    links = links or {}
    found["link_hashes"] = np.asarray([link_hash(SECRET, value) for value in links], np.uint64)
    found["link_finding"] = np.asarray(list(links.values()), np.int32)
    return found | {
        "prompt_hashes": np.zeros(0, np.uint64),
        "prompt_finding": np.zeros(0, np.int32),
        "frame_finding": np.zeros(0, np.int32),
    }


def published(path: Path, arrays: dict) -> Published:
    publish(path, {"findings": FINDINGS, "as_of": 1.0, "expires": 2.0}, arrays, SECRET)
    return Published(path, SECRET)


@given(some.text(max_size=40))
def test_a_link_has_the_hash_that_states_hold(value: str) -> None:
    assert link_hash(SECRET, value) == int(hash_column(SECRET.key, pa.array([value]))[0])


@given(some.lists(some.integers(0, 2**64 - 1), max_size=200, unique=True))
def test_the_index_leads_to_every_hash(values: list[int]) -> None:
    hashes = np.sort(np.asarray(values, np.uint64))
    starts = bucketed(hashes)
    bits = (len(starts) - 1).bit_length() - 1
    assert (len(starts) - 1) == 1 << bits
    for place, value in enumerate(hashes.tolist()):
        bucket = value >> (64 - bits)
        assert starts[bucket] <= place < starts[bucket + 1]


@pytest.mark.parametrize("number", [0, 1, 2, 7, 8, 9, 1_000])
def test_every_account_is_found_and_no_other(tmp_path: Path, number: int) -> None:
    accounts = {f"a-{place}": (place % 3 - 1, float(place), place % 2 == 0) for place in range(number)}
    found = published(tmp_path / "v", arrays_of(accounts, {"10.0.0.1": 1}))
    for name, known in accounts.items():
        assert found.account(name) == known
    assert found.account("b") is None
    assert [one.campaign_id for one in found.findings] == [4, 7]
    assert (found.link("10.0.0.1"), found.link("10.0.0.2")) == (1, -1)
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


def test_no_evidence_is_not_a_number_and_names_may_be_anything(tmp_path: Path) -> None:
    found = published(tmp_path / "v", arrays_of({"": (-1, float("nan"), False), "ü\0": (0, 3.0, True)}))
    evidence = found.account("")
    assert evidence is not None
    assert np.isnan(evidence[1])
    assert found.account("ü\0") == (0, 3.0, True)


def test_no_byte_can_be_changed_and_no_part_cut(tmp_path: Path) -> None:
    path = tmp_path / "v"
    published(path, arrays_of({f"a-{place}": (0, 1.0, True) for place in range(20)}))
    content = path.read_bytes()
    for place in range(0, len(content), 11):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(StateError):
            Published(path, SECRET)
    for size in (0, 10, 30, len(content) - 1):
        path.write_bytes(content[:size])
        with pytest.raises(StateError):
            Published(path, SECRET)
    path.write_bytes(content)
    with pytest.raises(StateError, match="another key"):
        Published(path, Secret.random())


def test_what_is_mapped_stays_when_another_takes_its_place(tmp_path: Path) -> None:
    first = published(tmp_path / "v", arrays_of({"a": (0, 1.0, True)}))
    second = published(tmp_path / "v", arrays_of({"a": (1, 2.0, True)}))
    assert first.account("a") == (0, 1.0, True)
    assert second.account("a") == (1, 2.0, True)


def test_the_closed_day_counts_of_whom_today_does_not_name(tmp_path: Path) -> None:
    before = published(
        tmp_path / "closed",
        arrays_of({"both": (0, 9.0, True), "gone": (1, 8.0, True), "clean": (0, 7.0, True), "plain": (-1, 1.0, False)},
                  {"10.0.0.1": 0, "10.0.0.2": 1}),
    )  # fmt: skip
    today = {"both": (1, 5.0, True), "clean": (-1, 0.5, False), "new": (-1, 0.1, False), "plain": (-1, 0.2, False)}
    found = published(tmp_path / "v", joined(arrays_of(today, {"10.0.0.1": 1}), before, shift=2))
    assert found.account("both") == (1, 5.0, True)  # as today has it
    assert found.account("gone") == (3, 8.0, True)  # as before, behind today's findings
    assert found.account("clean") == (2, 7.0, True)  # today's few calls do not clear it
    assert found.account("plain") == (-1, np.float32(0.2), False)
    assert found.account("new") == (-1, np.float32(0.1), False)
    assert (found.link("10.0.0.1"), found.link("10.0.0.2")) == (1, 3)


def test_a_finding_is_called_otherwise_or_told_of_no_more(tmp_path: Path) -> None:
    path, nan = tmp_path / "v", float("nan")
    accounts = {"a": (0, 3.0, True), "b": (1, 4.0, True), "c": (-1, 5.0, True), "d": (0, nan, False)}
    published(path, arrays_of(accounts, {"10.0.0.1": 0, "10.0.0.2": 1}))
    assert republish(path, SECRET, 4, "unclear")
    found = Published(path, SECRET)
    assert [(one.campaign_id, one.assessment) for one in found.findings] == [(4, "unclear"), (7, "campaign")]
    assert [found.account(name) for name in "abc"] == [accounts[name] for name in "abc"]
    assert republish(path, SECRET, 4, None)
    found = Published(path, SECRET)
    assert [found.account(name) for name in "abc"] == [(-1, 3.0, False), (1, 4.0, True), (-1, 5.0, True)]
    assert (found.link("10.0.0.1"), found.link("10.0.0.2")) == (-1, 1)
    assert (found.head["as_of"], found.head["expires"]) == (1.0, 2.0)


def test_a_file_without_the_finding_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "v"
    published(path, arrays_of({"a": (0, 3.0, True)}))
    before = path.stat().st_ino, path.read_bytes()
    assert not republish(path, SECRET, 99, None)
    assert (path.stat().st_ino, path.read_bytes()) == before
