"""Verdicts in a host: what was published and nothing else, whatever happens to the file."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gauger.engine.common.secret import Secret
from gauger.engine.serving.published import link_hash, publish, sorted_accounts
from gauger.host.verdicts import FLAGGED, KNOWN, LINK, MEMBER, NEW, NONE, NOTHING, STALE, Verdicts
from tests.bindings.host.recording import SECRET, until

FINDING = {
    "campaign_id": 7, "assessment": "campaign", "probability": 0.9, "evidence": 300.0, "accounts": 2, "calls": 50,
    "explanation": "new population",
}  # fmt: skip
ACCOUNTS = {"member": (0, 5.0, True), "alone": (-1, 4.0, True), "known": (-1, float("nan"), False)}


def put(path: Path, accounts: dict[str, tuple[int, float, bool]] | None = None, *, age: float = 0.0) -> None:
    given = ACCOUNTS if accounts is None else accounts
    columns = (np.asarray([one[place] for one in given.values()]) for place in range(3))
    arrays = sorted_accounts(SECRET, list(given), *columns) | {
        "link_hashes": np.asarray([link_hash(SECRET, "10.0.0.1")], np.uint64),
        "link_finding": np.zeros(1, np.int32),
        "prompt_hashes": np.zeros(0, np.uint64),
        "prompt_finding": np.zeros(0, np.int32),
        "frame_finding": np.zeros(0, np.int32),
    }
    as_of = time.time() - age
    head = {"findings": [FINDING], "as_of": as_of, "expires": as_of + 3_600.0, "gram_width": 5}
    publish(path, head, arrays, SECRET)


def test_what_is_known_of_each(tmp_path: Path) -> None:
    put(tmp_path / "v")
    found = Verdicts.open(tmp_path / "v", key=SECRET)
    member = found.of("member")
    assert (member.state, member.tier, member.evidence) == (KNOWN, MEMBER, 5.0)
    assert member.finding is not None
    assert (member.finding.campaign_id, member.finding.assessment) == (7, "campaign")
    assert found.of("alone")[:4] == (KNOWN, FLAGGED, None, 4.0)
    assert found.of("known", "10.0.0.2")[:4] == (KNOWN, NOTHING, None, None)
    assert found.of("nobody")[:4] == (NEW, NOTHING, None, None)
    told = found.of("nobody", "10.0.0.1")
    assert (told.state, told.tier, told.finding) == (NEW, LINK, member.finding)
    assert found.age is not None
    assert found.age < 60


def test_without_a_file_nothing_is_guessed_until_there_is_one(tmp_path: Path) -> None:
    found = Verdicts.open(tmp_path / "v", key=SECRET)
    assert found.of("member")[:3] == (NONE, NOTHING, None)
    assert (found.age, found.problem) == (None, f"{tmp_path / 'v'}: No such file or directory")
    put(tmp_path / "v")
    assert until(lambda: found.of("member").state == KNOWN, 10)
    assert found.problem is None


def test_another_file_takes_its_place_while_it_is_asked(tmp_path: Path) -> None:
    put(tmp_path / "v")
    found = Verdicts.open(tmp_path / "v", key=SECRET)
    assert found.of("later").state == NEW
    put(tmp_path / "v", {"later": (0, 9.0, True)})
    assert until(lambda: found.of("later").tier == MEMBER, 10)
    assert found.of("member").state == NEW


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign", "gone"])
def test_what_cannot_be_read_leaves_the_older_one(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "v"
    put(path)
    found = Verdicts.open(path, key=SECRET)
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[:-1])
    elif damage == "changed":
        path.write_bytes(content[:-1].replace(b"campaign", b"innocent") + bytes([content[-1] ^ 1]))
    elif damage == "foreign":
        publish(path, {"findings": [], "as_of": 0.0, "expires": 0.0}, {}, Secret.random())

    def noticed() -> bool:
        assert found.of("member").tier == MEMBER
        return found.problem is not None

    assert until(noticed, 10)
    assert found.of("member").tier == MEMBER


@pytest.mark.parametrize("content", [b"", b"x" * 4_096])
def test_a_file_that_is_written_in_place_changes_nothing(tmp_path: Path, content: bytes) -> None:
    """Mapped as it is, a file that is cut would end the host."""
    path = tmp_path / "v"
    put(path)
    found = Verdicts.open(path, key=SECRET)
    with open(path, "r+b") as file:
        file.truncate(len(content))
        file.write(content)
    for _ in range(100):
        assert found.of("member").tier == MEMBER
        assert found.of("nobody").state == NEW


def test_a_copy_is_shared_and_older_ones_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    put(tmp_path / "v")
    first, second = (Verdicts.open(tmp_path / "v", key=SECRET) for _ in range(2))
    (copy,) = (tmp_path / "run").rglob("verdicts-*")
    assert first.of("member") == second.of("member")
    put(tmp_path / "v", {"later": (0, 9.0, True)})
    assert until(lambda: first.of("later").tier == MEMBER, 10)
    (other,) = (tmp_path / "run").rglob("verdicts-*")
    assert other != copy
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/proc/nothing")
    assert Verdicts.open(tmp_path / "v", key=SECRET).of("later").tier == MEMBER


@pytest.mark.parametrize("address", ["::ffff:10.0.0.1", "10.0.0.1:443", " 10.0.0.1", "10.0.0.1, 192.168.0.1"])
def test_an_address_is_told_in_whatever_way_it_is_written(tmp_path: Path, address: str) -> None:
    put(tmp_path / "v")
    assert Verdicts.open(tmp_path / "v", key=SECRET).of("nobody", address).tier == LINK


def test_what_is_too_old_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "v", age=7_200.0)
    found = Verdicts.open(tmp_path / "v", key=SECRET)
    assert found.of("member").state == found.of("nobody").state == STALE
    put(tmp_path / "w")
    fresh = Verdicts.open(tmp_path / "w", key=SECRET)
    now = time.time()
    for hours, expected in ((0, KNOWN), (2, STALE), (-48, KNOWN), (0, KNOWN)):
        monkeypatch.setattr(time, "time", lambda hours=hours: now + 3_600 * hours)
        assert fresh.of("member").state == expected


@pytest.mark.parametrize("account", [None, 7, "", "x\ud800", b"bytes", "a" * 100_000, ["list"]])
def test_no_account_makes_it_raise(tmp_path: Path, account: Any) -> None:
    put(tmp_path / "v", {"x\ufffd": (0, 1.0, True)})
    found = Verdicts.open(tmp_path / "v", key=SECRET)
    verdict = found.of(account, account)
    assert verdict.tier == (MEMBER if account == "x\ud800" else NOTHING)


def test_who_only_asks_loads_neither_arrow_nor_numba(tmp_path: Path) -> None:
    put(tmp_path / "v")
    (tmp_path / "key").write_text(SECRET.handed_over())
    (tmp_path / "key").chmod(0o600)
    program = (
        "import sys; from gauger.host import Policy, Verdicts; found = Verdicts.open(sys.argv[1], key=sys.argv[2]); "
        "assert found.of('member').tier == 'member'; "
        "assert not {'numba', 'pyarrow', 'faiss', 'scipy', 'pandas'} & sys.modules.keys(), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "v", tmp_path / "key"], check=True, timeout=60)


def test_children_share_it_and_go_on_looking(tmp_path: Path) -> None:
    put(tmp_path / "v")
    found = Verdicts.open(tmp_path / "v", key=SECRET)
    pid = os.fork()
    if pid == 0:
        put(tmp_path / "v", {"later": (0, 9.0, True)})
        os._exit(0 if until(lambda: found.of("later").tier == MEMBER, 10) else 1)
    assert os.waitpid(pid, 0)[1] == 0
    with pytest.raises(TypeError):
        pickle.dumps(found)
