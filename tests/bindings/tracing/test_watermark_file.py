"""The file of a watermark: read, or refused without repeating what may be the key."""

from pathlib import Path

import pytest

from gauger.engine.common.errors import InputError, StateError
from gauger.engine.tracing.watermarks import Watermark
from gauger.tracing.watermark_file import read_watermark

KEY = "00112233445566778899aabbccddeeff"


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "w.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    text = f'scheme = "green-list"\nkey = "{KEY}"\nwidth = 2\nshare = 0.5\n'
    assert read_watermark(written(tmp_path, text)) == Watermark("green-list", bytes.fromhex(KEY), 2, 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "scheme =",
        f'key = "{KEY}"',
        f'scheme = "other"\nkey = "{KEY}"',
        f'scheme = "gumbel"\nkey = "{KEY[1:]}"',
        f'scheme = "gumbel"\nkey = "{KEY[2:]}"',
        f'scheme = "gumbel"\nkey = "{KEY}"\nwidth = 0',
        f'scheme = "gumbel"\nkey = "{KEY}"\nwidth = true',
        f'scheme = "green-list"\nkey = "{KEY}"\nshare = 1.0',
        f'scheme = "green-list"\nkey = "{KEY}"\nshare = "a"',
        f'scheme = "tournament"\nkey = "{KEY}"\nlayers = 65',
        f'scheme = "tournament"\nkey = "{KEY}"\nlayer = 30',
    ],
)
def test_what_is_not_sound_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"^/.*w\.toml: ") as error:
        read_watermark(written(tmp_path, text))
    assert KEY[4:12] not in str(error.value)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="chmod 600"):
        read_watermark(written(tmp_path, f'scheme = "gumbel"\nkey = "{KEY}"\n', 0o644))
    with pytest.raises(InputError, match="cannot be read"):
        read_watermark(tmp_path / "absent.toml")
