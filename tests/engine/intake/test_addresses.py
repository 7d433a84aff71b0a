"""Addresses: one address is one text, however a log writes it; what is none is null."""

import pyarrow as pa
import pytest

from gauger.engine.intake import addresses


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("203.0.113.5", "203.0.113.5"),
        (" 203.0.113.5:51234", "203.0.113.5"),
        ("/203.0.113.5:51235", "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("203.0.113.5/32", "203.0.113.5"),
        ("203.0.113.x", "203.0.113.0"),
        ("203.0.113.5, 10.0.0.7", "203.0.113.5"),
        ("10.0.0.7, 203.0.113.5:80", "203.0.113.5"),
        ("10.0.0.7, 192.168.1.1", "10.0.0.7"),
        ("unknown, 203.0.113.5", "203.0.113.5"),
        ('["203.0.113.5", "10.0.0.7"]', "203.0.113.5"),
        ('for=203.0.113.5;proto=https;by=198.51.100.1, for="[2001:db8::1]:443"', "203.0.113.5"),
        ('For="[2001:db8::1]:443"', "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:0DB8:0:0::0001", "2001:db8::1"),
        ("ipv6:[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::1", "::1"),
        ("d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"),
        ("the office", None),
        ("gateway.example.org", None),
        ("12345", None),
        ("256.1.1.1", None),
        ("0.0.0.0", None),
        ("::", None),
        ("", None),
        ("[", None),
        ("203.0.113.5, " * 1000, None),
    ],
)
def test_the_client_of_what_a_log_holds(text: str, client: str | None) -> None:
    assert addresses.client_of(text) == client


def test_columns_keep_their_rows() -> None:
    column = pa.array(["203.0.113.5:1", None, "203.0.113.5:2", "elsewhere", "203.0.113.5:1"])
    assert addresses.normalised(column).to_pylist() == ["203.0.113.5", None, "203.0.113.5", None, "203.0.113.5"]


def test_a_column_as_it_should_be_is_not_looked_at_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "client_of", None)
    plain = pa.array(["203.0.113.5", None, "1.0.0.255", "249.250.199.10"])
    assert addresses.normalised(plain) is plain
    with pytest.raises(TypeError):
        addresses.normalised(pa.array(["203.0.113.05"]))
