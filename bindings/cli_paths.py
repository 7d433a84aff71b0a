"""Paths that commands take: what has to lie on this machine is refused elsewhere before any work is done for it."""

import re
from typing import Any

import click

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:/")


class HerePath(click.Path):
    """A path of this machine; a URL is no name of a folder that is made."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As of ``click.Path``."""
        if _URL.match(str(value)):
            scheme = str(value).partition(":")[0]
            self.fail(f"a URL ({scheme}://...); this has to lie on this machine", param, ctx)
        return super().convert(value, param, ctx)
