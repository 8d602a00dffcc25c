"""Who may see the page: the one browser that came with the token of the link, on this machine."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

HOST = "127.0.0.1"
_NAMES = frozenset({HOST, "localhost"})
_REFUSED = (
    "403: this page belongs to the browser that was opened by `regsuite view`.\n"
    "Its link works once. To look from another browser, run `regsuite view` again and use the new link.\n"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """Middleware of the web server: refuses (403) whoever does not hold the link's token.

    The token works once: it is exchanged for a cookie, so that a link read from the process list or
    the browser's history is worth nothing. The websocket asks for the cookie, for a page of this
    server as its origin, and for a secret that only the page is given.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.secret = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)
        self._spent = False

    def link(self, port: int) -> str:
        """The address to open, with the token."""
        return f"http://{HOST}:{port}/?token={self.token}"

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the holder of token or cookie in; refuse everybody else."""
        if request.url.host not in _NAMES:  # another name that was bent to this machine
            return _refusal()
        if self._spends_token(request):
            return self._welcome(request)
        if not self._is_known(request) or not _is_own_origin(request):
            return _refusal()
        if request.path in ("/", "/index.html") and request.query.get("secret") != self.secret:
            return web.HTTPFound(self._page())
        return await handler(request)

    def _spends_token(self, request: web.Request) -> bool:
        """Whether the request brings the token, for the first time."""
        if self._spent or not _same(request.query.get("token"), self.token):
            return False
        self._spent = True
        return True

    def _is_known(self, request: web.Request) -> bool:
        return _same(request.cookies.get(_cookie(request)), self._session)

    def _welcome(self, request: web.Request) -> web.Response:
        response = web.Response(status=302, headers={"Location": self._page()})
        response.set_cookie(_cookie(request), self._session, httponly=True, samesite="Lax")
        return response

    def _page(self) -> str:
        """The page's address; trame's client takes the secret out of the address bar at once."""
        return f"/index.html?secret={self.secret}"


def _same(given: str | None, wanted: str) -> bool:
    return given is not None and secrets.compare_digest(given.encode(), wanted.encode())


def _cookie(request: web.Request) -> str:
    """A name per port: cookies of one host are shared by all its ports."""
    return f"regsuite_view_{request.url.port}"


def _is_own_origin(request: web.Request) -> bool:
    """Whether a page of this server asks (browsers tell the origin with every websocket)."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _refusal() -> web.Response:
    return web.Response(status=403, text=_REFUSED)
