"""Who may do what: the owner everything, a guest recognise and nothing else. Login attempts are slowed down."""

from __future__ import annotations

import asyncio
import hmac
import time

import gradio as gr

from ..types import FaceguiError
from .options import Login

WAITING = 20  # login attempts in line; further ones are refused at once
SLOWEST_S, FORGIVEN_S = 5.0, 60.0


class Refused(FaceguiError):
    """The caller's role does not allow this."""


class Access:
    """Roles by login name. Without an owner login there is no login page, and whoever reaches the page is its owner."""

    def __init__(self, owner: Login | None = None, guest: Login | None = None, local: bool = True) -> None:
        self._logins = [login for login in (owner, guest) if login]
        self._owner = owner
        self.local = local
        self._line = asyncio.Lock()
        self._waiting = 0
        self._failures = 0
        self._last_failure = 0.0

    @property
    def needs_login(self) -> bool:
        return self._owner is not None

    async def login(self, user: str, password: str) -> bool:
        """For Gradio's `auth`. Attempts are taken one at a time, each failure makes the next wait longer, up to 5 s.

        Right and wrong passwords wait alike, so asking in parallel gains nothing.
        """
        if self._waiting >= WAITING:
            return False
        self._waiting += 1
        try:
            async with self._line:
                if time.monotonic() - self._last_failure > FORGIVEN_S:
                    self._failures = 0
                await asyncio.sleep(min(0.25 * 2 ** self._failures, SLOWEST_S) if self._failures else 0)
                right = [_same(user, login.user) & _same(password, login.password) for login in self._logins]
                if any(right):
                    return True
                self._failures += 1
                self._last_failure = time.monotonic()
                return False
        finally:
            self._waiting -= 1

    def is_owner(self, request: gr.Request | None) -> bool:
        return self._owner is None or self.owns(user_of(request))

    def owns(self, user: str | None) -> bool:
        """Whether this login name is the owner's."""
        return self._owner is None or user == self._owner.user

    def require_owner(self, request: gr.Request | None) -> None:
        """Raises Refused for everybody else."""
        if not self.is_owner(request):
            raise Refused("only the owner may do this; guests can recognise people and nothing else. "
                          "Log in with the owner's password")

    def require_local(self, request: gr.Request | None) -> None:
        """Raises Refused unless the page is open to this machine alone: nobody else's paths are ever opened."""
        self.require_owner(request)
        if not self.local:
            raise Refused("folders of this machine can only be opened while the page is not shared; "
                          "start it without --share and --host, or use `python -m facegui build FOLDER`")


def user_of(request: gr.Request | None) -> str | None:
    """The login name of a caller. Gradio does not fill it in for functions that a page's own script calls: there the
    session's cookie tells, as it does everywhere else."""
    name = getattr(request, "username", None)
    app = getattr(request, "app", None)
    if name is None and app is not None:
        cookies = (request.cookies.get(f"access-token-{kind}{app.cookie_id}") for kind in ("", "unsecure-"))
        name = app.tokens.get(next(filter(None, cookies), None))
    return name


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
