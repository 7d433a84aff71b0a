"""Verdicts: what is known of an account at the moment it calls, from the file that the last weighing published.

A look-up takes a few microseconds, whatever the number of accounts. The file is mapped, so that all processes of a
machine share it; another that takes its place is noticed within a second, read and checked in a thread, then swapped.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gauger.engine.common.errors import GaugerError
from gauger.engine.common.secret import Secret
from gauger.engine.serving.published import Finding, Published
from gauger.host.copies import own_copy
from gauger.host.keys import secret_of
from gauger.host.taking import well_formed

if TYPE_CHECKING:
    from gauger.host.prompts import PromptFamilies

_LOG = logging.getLogger("gauger.host")
_LOOK_SECONDS = 1.0  # between two looks whether there is a newer file
_LINKS_REMEMBERED = 1 << 16
KNOWN, NEW, STALE, NONE = "known", "new", "stale", "none"
MEMBER, FLAGGED, LINK, FAMILY, NOTHING = "member", "flagged", "link", "family", "nothing"


class Verdict(NamedTuple):
    """What is known of the sender of a call."""

    state: str  # "known" account, "new" one, "stale" (too old to act on), or "none" (nothing was published)
    tier: str  # by what it is named: "member" of a finding, "flagged" alone, "link", "family", or "nothing"
    finding: Finding | None
    evidence: float | None  # -log10 of a tail probability, of the account
    as_of: float  # seconds since 1970: the last call that was weighed; 0 where nothing was


NOTHING_PUBLISHED = Verdict(NONE, NOTHING, None, None, 0.0)


class Verdicts:
    """Answers for a host. Any thread may ask; nothing is raised, and no answer is guessed."""

    def __init__(self, path: Path, secret: Secret) -> None:
        self._path, self._secret = path, secret
        self._found: Published | None = None
        self._seen: tuple[int, int, int] | None = None
        self._expires = self._as_of = 0.0
        self._next_look, self._looking = 0.0, 0  # the process that looks
        self._families: PromptFamilies | None = None
        self.problem: str | None = "not looked yet"  # why there is nothing new, a sentence
        self._link = lru_cache(_LINKS_REMEMBERED)(_linked)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, key: Secret | str | os.PathLike[str] | None = None) -> Verdicts:
        """Answer from a published file, which need not be there yet; key : as of a ``Recorder``.

        Raises StateError for a key that cannot be read.
        """
        found = cls(Path(path), secret_of(key))
        found.look()
        return found

    def of(self, account_id: str, client_address: str | None = None, prompt: str | None = None) -> Verdict:
        """What is known of a sender; nothing of what is no account.

        client_address : tells a new account that comes from an address which a finding has nearly for itself
        prompt : tells a new account by the family of what it sends. It is measured for that, which takes some fifty
            microseconds and loads Numba: leave it out where that is too much
        """
        try:
            return self._of(account_id, client_address, prompt)
        except Exception:  # a host must not notice
            return NOTHING_PUBLISHED

    def _of(self, account_id: str, client_address: str | None, prompt: str | None) -> Verdict:
        now = time.time()
        if not self._next_look <= now + _LOOK_SECONDS or now >= self._next_look:
            self._start_looking(now)
        found = self._found
        if found is None:
            return NOTHING_PUBLISHED
        try:
            known = found.account(account_id)
        except (UnicodeEncodeError, AttributeError, TypeError):
            known = None if account_id is None else found.account(_as_recorded(account_id))
        state = STALE if now > self._expires else NEW if known is None else KNOWN
        if known is not None:
            finding, evidence, flagged = known
            strength = None if evidence != evidence else evidence
            if finding >= 0:
                return Verdict(state, MEMBER, found.findings[finding], strength, self._as_of)
            if flagged:
                return Verdict(state, FLAGGED, None, strength, self._as_of)
        else:
            strength = None
        finding, tier = self._by_traces(found, client_address, prompt)
        named = found.findings[finding] if finding >= 0 else None
        return Verdict(state, tier, named, strength, self._as_of)

    def _by_traces(self, found: Published, client_address: str | None, prompt: str | None) -> tuple[int, str]:
        """The finding (-1: none) that a call belongs to by where it comes from or what it says."""
        if client_address:
            finding = self._link(found, str(client_address))
            if finding >= 0:
                return finding, LINK
        families = self._families
        if prompt and families is not None and families.published is found:
            finding = families.finding_of(prompt)
        elif prompt:
            from gauger.host.prompts import PromptFamilies

            self._families = families = PromptFamilies(found, self._secret)
            finding = families.finding_of(prompt)
        else:
            finding = -1
        return finding, FAMILY if finding >= 0 else NOTHING

    @property
    def published(self) -> Published | None:
        """What answers come from; None where nothing was published."""
        return self._found

    @property
    def age(self) -> float | None:
        """Seconds since the last call that was weighed; None where nothing was published."""
        return None if self._found is None else max(0.0, time.time() - self._as_of)

    def _start_looking(self, now: float) -> None:
        """See whether there is another file; what is in it is read in a thread."""
        self._next_look = now + _LOOK_SECONDS
        if self._stamp() == self._seen or self._looking == os.getpid():
            return
        self._looking = os.getpid()
        try:
            threading.Thread(target=self.look, name="gauger verdicts", daemon=True).start()
        except RuntimeError:  # no thread to be had: the older file stays
            self._looking = 0

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def look(self) -> None:
        """Take the file that is there now. Where it cannot be read the older one stays, and ``problem`` says why."""
        stamp = self._stamp()
        try:
            found = own_copy(self._path, self._secret)
        except OSError as error:
            self.problem = f"{self._path}: {os.strerror(error.errno or 0)}"
        except GaugerError as error:
            self.problem = str(error)
            _LOG.warning("gauger verdicts: %s", error)
        except Exception as error:
            self.problem = f"{self._path}: unexpected {type(error).__name__}"
        else:
            self.problem = None
            self._expires, self._as_of = found.head["expires"], found.head["as_of"]
            self._found = found
            self._link.cache_clear()
        self._seen, self._looking = stamp, 0

    def __reduce__(self) -> str:
        raise TypeError("Verdicts hold a key and are never pickled: open them there")


def _as_recorded(value: object) -> str:
    """An account as the recorder has it."""
    return well_formed(value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def _linked(published: Published, value: str) -> int:
    """The finding of an address as a log may write it: with a port, in a chain of proxies, in either notation."""
    if not published.has_links:
        return -1
    found = published.link(value)
    if found < 0:
        from gauger.engine.intake.addresses import client_of

        client = client_of(value)
        found = -1 if client is None else published.link(client)
    return found
