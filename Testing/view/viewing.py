"""`regsuite view` as a process: started, asked, ended."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/\?token=\S+")


@dataclass
class Viewing:
    """A running `regsuite view`; `log` holds what it says."""

    process: subprocess.Popen[bytes]
    log: Path
    link: str

    @property
    def port(self) -> int:
        return urlsplit(self.link).port or 0

    @property
    def token(self) -> str:
        return urlsplit(self.link).query

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """The answer to a GET of this client, which has no cookie of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    def interrupt(self) -> int:
        """Ctrl-C; gives the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


def start(folder: Path, place: Path, *options: str) -> Viewing:
    """`regsuite view FOLDER --no-browser`, once it has told its link.

    place: a folder for its log and its temporary files.
    """
    log = place / "log.txt"
    temporary = place / "temporary"
    temporary.mkdir()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "RegSuite", "view", str(folder), "--no-browser", *options],
            stdout=stream,
            stderr=stream,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary), "TRAME_ARGS": "--host 0.0.0.0"},
            start_new_session=True,
        )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        found = _LINK.search(log.read_text(encoding="utf-8"))
        if found:
            return Viewing(process, log, found.group())
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the viewer did not start:\n{log.read_text(encoding='utf-8')}")
