"""Who is let in: the browser that holds the link's token, once, on this machine."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slicer
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def test_only_the_holder_of_the_token_is_let_in_and_only_once(viewing):
    for path in (
        "/",
        "/index.html",
        "/report.html",
        "/ws",
        "/?token=wrong",
        "/index.html?secret=wslink-secret",
    ):
        assert viewing.get(path).status == 403, path
    assert viewing.get("/ws", **_UPGRADE).status == 403

    welcome = viewing.get(f"/?{viewing.token}")
    assert welcome.status == 302
    kept = welcome.headers["Set-Cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=Lax" in kept
    cookie = kept.split(";")[0]

    assert viewing.get(welcome.headers["Location"], Cookie=cookie).status == 200
    assert viewing.get("/report.html", Cookie=cookie).status == 200
    own = f"http://127.0.0.1:{viewing.port}"
    assert viewing.get("/ws", Cookie=cookie, Origin=own, **_UPGRADE).status == 101
    assert viewing.get("/ws", Cookie=cookie, Origin="http://127.0.0.1:1", **_UPGRADE).status == 403
    assert viewing.get("/report.html", Cookie=cookie, Host="evil.example").status == 403
    assert viewing.get(f"/?{viewing.token}").status == 403, "the token has been spent"


def test_the_report_may_not_speak_with_the_viewer(viewing):
    cookie = viewing.get(f"/?{viewing.token}").headers["Set-Cookie"].split(";")[0]
    answer = viewing.get("/report.html", Cookie=cookie)
    assert answer.headers["Content-Security-Policy"] == "sandbox allow-scripts"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/net tells which address is listened on")
def test_it_listens_on_this_machine_alone_whatever_the_environment_says(viewing):
    lines = [line.split() for name in ("tcp", "tcp6") for line in _table(name)]
    listening = [
        words[1] for words in lines if words[3] == "0A" and words[1].endswith(f":{viewing.port:04X}")
    ]
    assert listening == [f"{int.from_bytes(socket.inet_aton('127.0.0.1'), 'little'):08X}:{viewing.port:04X}"]


def _table(name: str) -> list[str]:
    path = Path("/proc/net") / name
    return path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else []
