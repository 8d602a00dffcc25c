"""Progress: plain lines to a file, at most one a second within a stage, and where stopping happens."""

from __future__ import annotations

import io

import pytest

from RegSuite.cli import interrupt
from RegSuite.cli.progress import shown_progress
from RegSuite.errors import Cancelled


def test_a_stream_that_is_no_terminal_gets_a_line_a_stage():
    out = io.StringIO()
    with shown_progress(out) as progress:
        for step in range(50):
            progress(step / 100, "coarse", {"lncc": 0.5})
        progress(0.5, "fine", {})
        progress(1.0, "fine", {"lncc": 0.75})
    lines = out.getvalue().splitlines()
    assert [line.split()[2] for line in lines] == ["coarse", "fine", "fine"]
    assert "lncc 0.75" in lines[-1]
    assert lines[-1].startswith("100 %")


def test_a_terminal_gets_a_bar_that_ends_without_an_error():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with shown_progress(out) as progress:
        progress(0.25, "coarse", {"lncc": 0.5})
        progress(1.0, "fine", {})
    assert "coarse" in out.getvalue() or "fine" in out.getvalue()


def test_once_a_signal_has_come_the_next_report_stops_the_run(monkeypatch):
    monkeypatch.setattr(interrupt, "_asked", True)
    with shown_progress(io.StringIO()) as progress, pytest.raises(Cancelled):
        progress(0.1, "coarse", {})
