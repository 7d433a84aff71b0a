"""Time stamps: asked for by a digest, put beside a file, and believed only of that file and that authority."""

import hashlib
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gauger.engine.common.errors import InputError
from gauger.timestamps.authority import ask, check, put, stamp_path
from tests.bindings.timestamps.authorities import Authority, authority, needs_openssl, serving

SECRET = b"one sentence that nobody else may read\n"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("own") / "authority")


@pytest.fixture
def stamped(own: Authority, tmp_path: Path) -> Path:
    path = tmp_path / "document"
    path.write_bytes(SECRET)
    with serving(own) as (url, asked):
        assert put(path, url) == stamp_path(path) == tmp_path / "document.tsr"
    assert hashlib.sha256(SECRET).digest() in asked[0]
    assert b"sentence" not in asked[0]
    return path


@needs_openssl
def test_a_file_was_there_when_the_authority_says(stamped: Path, own: Authority) -> None:
    found = check(stamped, own.certificates)
    assert abs(found.time - datetime.now(UTC)) < timedelta(minutes=2)
    assert found.authority == "CN=Tests"
    openssl = ["openssl", "ts", "-verify", "-data", stamped, "-in", stamp_path(stamped), "-CAfile", own.certificates]
    assert subprocess.run(openssl, check=True, capture_output=True).stdout.startswith(b"Verification: OK")


@needs_openssl
def test_another_file_and_another_authority_are_refused(stamped: Path, own: Authority, tmp_path: Path) -> None:
    other = authority(tmp_path / "other", "Others")
    with pytest.raises(InputError, match=r"document\.tsr: is not signed by an authority in"):
        check(stamped, other.certificates)
    with pytest.raises(InputError, match="no certificates"):
        check(stamped, stamped)
    stamped.write_bytes(SECRET + b"!")
    with pytest.raises(InputError, match="is the stamp of something else"):
        check(stamped, own.certificates)
    stamp_path(stamped).unlink()
    with pytest.raises(InputError, match=r"document\.tsr: cannot be read \(No such file"):
        check(stamped, own.certificates)


@needs_openssl
def test_a_changed_byte_is_refused_or_changes_nothing(stamped: Path, own: Authority) -> None:
    """Numbers of versions and the name of the algorithm are covered by no signature (RFC 5652, section 5.4)."""
    stamp, said, accepted = stamp_path(stamped).read_bytes(), check(stamped, own.certificates), 0
    for place in range(0, len(stamp), 3):
        changed = bytearray(stamp)
        changed[place] ^= 1
        stamp_path(stamped).write_bytes(changed)
        with suppress(InputError):
            assert check(stamped, own.certificates) == said
            accepted += 1
    assert accepted <= 8


@needs_openssl
def test_an_earlier_stamp_is_never_replaced(stamped: Path, own: Authority) -> None:
    before = stamp_path(stamped).read_bytes()
    with serving(own) as (url, _), pytest.raises(InputError, match="is there already"):
        put(stamped, url)
    assert stamp_path(stamped).read_bytes() == before
    assert {path.name for path in stamped.parent.iterdir()} == {"document", "document.tsr"}


@needs_openssl
def test_an_answer_to_another_question_is_refused(own: Authority) -> None:
    with serving(own) as (url, asked):
        ask(b"first", url)
    for query in asked:  # the right question once more: its answer has another nonce
        with serving(own, [(200, own.answer(query))]) as (url, _), pytest.raises(InputError, match="another question"):
            ask(b"first", url)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ((200, b"<html>"), "no time stamp that can be read"),
        ((200, b""), "no time stamp that can be read"),
        ((200, bytes(1 << 17)), "more than 65,536 bytes"),
        ((200, bytes.fromhex("30053003020102")), "the authority refused"),
        ((500, b"secret"), "HTTP 500 in place of a time stamp"),
        ((302, b""), "HTTP 302"),
    ],
)
def test_what_is_no_stamp_is_refused(own: Authority, said: tuple[int, bytes], reason: str) -> None:
    with serving(own, [said]) as (url, _), pytest.raises(InputError, match=reason) as error:
        ask(SECRET, url)
    assert "secret" not in str(error.value)


@needs_openssl
def test_an_answer_that_drips_is_not_waited_for(own: Authority) -> None:
    with serving(own, [(200, b"0" * 60)], seconds=0.05) as (url, _), pytest.raises(InputError, match="no whole answer"):
        ask(SECRET, url, seconds=0.4)


@pytest.mark.parametrize("url", ["ftp://one/tsr", "tsr", "http://", "http://[", "", "http://a:secret@b/tsr"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="no address of a time-stamping authority") as error:
        ask(SECRET, url)
    assert "secret" not in str(error.value)


def test_an_authority_that_is_not_there(own: Authority) -> None:
    with serving(own) as (url, _):
        pass
    with pytest.raises(InputError, match="no answer"):
        ask(SECRET, url)
