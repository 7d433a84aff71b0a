"""Keys go where they belong, and are never shown."""

import base64

import pytest

from gauger.engine.common.errors import InputError
from gauger.exports.keys import ELASTIC, SIGNING, SPLUNK, authorization, checked, signature

VARIABLES = {"hec": SPLUNK, "elastic-bulk": ELASTIC}


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize(
    "address",
    [
        "http://splunk.example:8088/x",
        "http://127.0.0.1.example/x",
        "http://localhost.example/x",
        "http://10.0.0.1/x",
        "http://[2001:db8::1]/x",
        "HTTP://0177.0.0.1.example",
        "http://0.0.0.0/",
        "http://127.0.0.1@evil.example",
    ],
)
def test_no_key_in_the_clear(name: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLES[name], "k3y")
    with pytest.raises(InputError, match=r"https|password") as caught:
        checked(address, name)
    assert "k3y" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/x", "http://[::1]/x", "http://localhost", "https://any.example"]
)
def test_a_key_on_the_machine_and_over_https(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SPLUNK, "k3y")
    assert checked(address, "hec").host
    assert authorization("hec") == {"Authorization": "Splunk k3y"}
    assert authorization("ocsf") == {}


def test_without_a_key_http_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SPLUNK, raising=False)
    assert checked("http://collector.example/x", "hec").port is None
    monkeypatch.setenv(SPLUNK, "k3y")
    assert checked("http://collector.example/x", "ocsf").host, "the key is of another format"


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://host/x", "host", "http://", "https:///x", "http://a:b"]
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InputError, match="address"):
        checked(address, "ocsf")


def test_an_address_with_a_password() -> None:
    with pytest.raises(InputError, match="holds a name or a password") as caught:
        checked("https://user:s3cret@host.example/x", "ocsf")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("key", ["a\nX-Evil: 1", "a\r\n", "schlüssel", "a\x00b"])
def test_a_key_that_no_header_may_hold(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if key == "a\r\n":  # as a file that was read into a variable ends
        monkeypatch.setenv(ELASTIC, key)
        assert authorization("elastic-bulk") == {"Authorization": "ApiKey a"}
        return
    monkeypatch.setattr("os.environ", {ELASTIC: key})
    with pytest.raises(InputError, match="characters that no header may") as caught:
        authorization("elastic-bulk")
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        ("whsec_not base64!", "not in base64"),
        ("whsec_schlüssel", "not in base64"),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), "fewer than 24 bytes"),
    ],
)
def test_a_secret_that_is_none(secret: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SIGNING, secret)
    with pytest.raises(InputError, match=told) as caught:
        signature("msg_1", b"{}")
    assert secret.removeprefix("whsec_") not in str(caught.value)


def test_without_a_secret_there_is_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SIGNING, raising=False)
    assert signature("msg_1", b"{}") == {}
