"""Column maps that ship with gauger: one TOML file a log format, and nothing else, makes ``--columns NAME`` work."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the maps, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def path_of(name: str) -> Path:
    """The file of a map."""
    return _FOLDER / f"{name}.toml"
