"""A finished run told to a person: the HTML report, and ``explain`` on a terminal."""

from pathlib import Path

from gauger.engine.common.errors import GaugerError

_EXTRA = ("jinja2", "markupsafe")


def write_report(out: Path) -> Path:
    """Write ``out/report.html`` from a finished run's tables, atomically, and return its path.

    The page needs no network and no other file, and without script it still has the overview and the list of
    findings; the same tables give the same bytes.

    Raises:
        GaugerError: the report extra is missing, ``out`` holds no finished run, or writing failed.
    """
    try:
        from gauger.report import page
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise GaugerError("the report needs Jinja2: pip install 'gauger[report]'") from None
    return page.write(Path(out))
