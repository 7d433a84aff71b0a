"""What two providers have in common, and nothing of the others."""

import random
import stat
from pathlib import Path

import pytest

from gauger.engine.common.errors import GaugerError, InputError
from gauger.exchange import intersection
from gauger.exchange.intersection import answer, common, read_values, request

OURS, THEIRS = [f"203.0.113.{one}" for one in range(60)], [f"203.0.113.{one}" for one in range(40, 120)]


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    return written(tmp_path / "ours", "\n".join(OURS).encode())


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return written(tmp_path / "theirs", "\n".join(THEIRS).encode())


@pytest.fixture
def library() -> None:
    pytest.importorskip("private_set_intersection.python", reason="gauger[psi] is not installed")


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.usefixtures("library")
def test_what_both_have_is_found_and_no_file_holds_a_value(ours: Path, theirs: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    asked = written(tmp_path / "request", request(ours, key))
    answered = written(tmp_path / "answer", answer(asked, theirs))
    assert common(answered, ours, key) == OURS[40:]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not [one for one in (asked, answered, key) if b"203.0.113" in one.read_bytes()]


@pytest.mark.usefixtures("library")
def test_another_requests_key_or_values_find_nothing(ours: Path, theirs: Path, tmp_path: Path) -> None:
    request(ours, tmp_path / "another")
    asked = written(tmp_path / "request", request(ours, tmp_path / "key"))
    answered = written(tmp_path / "answer", answer(asked, theirs))
    assert common(answered, ours, tmp_path / "another") == []
    with pytest.raises(InputError, match="answers another request"):
        common(answered, theirs, tmp_path / "key")
    with pytest.raises(InputError, match="is there already"):
        request(ours, tmp_path / "key")
    with pytest.raises(InputError, match="is no key of a request"):
        common(answered, ours, theirs)


@pytest.mark.usefixtures("library")
def test_damaged_files_are_refused(ours: Path, theirs: Path, tmp_path: Path) -> None:
    key, draw = tmp_path / "key", random.Random(1)
    asked = written(tmp_path / "request", request(ours, key))
    answered = written(tmp_path / "answer", answer(asked, theirs))
    with pytest.raises(InputError, match="is no request of"):
        answer(answered, theirs)
    with pytest.raises(InputError, match="is no answer of"):
        common(asked, ours, key)
    for _ in range(60):
        for path, step in ((asked, lambda one: answer(one, theirs)), (answered, lambda one: common(one, ours, key))):
            content = bytearray(path.read_bytes())
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            changed = written(tmp_path / "changed", bytes(content[: draw.randrange(len(content))]))
            with pytest.raises(InputError):
                step(changed)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "has 0 values"), (b"\xff\n", "is not UTF-8"), (bytes(2 << 24), "larger than"), (None, "No such file")],
)
def test_values_that_are_none(content: bytes | None, sentence: str, tmp_path: Path) -> None:
    if content is not None:
        written(tmp_path / "values", content)
    with pytest.raises(InputError, match=sentence):
        read_values(tmp_path / "values")


def test_values_are_stripped_and_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "values", b" b \n\na\nb\r\n")
    assert read_values(path) == ["b", "a"]
    monkeypatch.setattr(intersection, "VALUES_MOST", 1)
    with pytest.raises(InputError, match="has 2 values; there can be 1 to 1"):
        read_values(path)


def test_without_the_library_its_extra_is_named(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(intersection.importlib, "import_module", absent)
    with pytest.raises(GaugerError, match=r"pip install 'gauger\[psi\]'"):
        request(ours, ours.with_name("key"))
