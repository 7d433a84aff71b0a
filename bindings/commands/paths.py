"""Paths that commands take: what has to lie on this machine is refused elsewhere before any work is done for it."""

from typing import Any

import click

from gauger.stores.urls import scheme_of


class HerePath(click.Path):
    """A path of this machine; a URL is no name of a folder that is made."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As of ``click.Path``."""
        if (scheme := scheme_of(value)) is not None:
            self.fail(f"a URL ({scheme}://...); this has to lie on this machine", param, ctx)
        return super().convert(value, param, ctx)
