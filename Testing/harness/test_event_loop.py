"""The measures of the harness measure."""

from __future__ import annotations

import time

import pytest

from Testing import harness

pytestmark = [pytest.mark.slicer, pytest.mark.usefixtures("clean")]


def test_standing_still_is_measured():
    import qt

    done = []

    def stand_still():
        time.sleep(0.15)
        done.append(True)

    qt.QTimer.singleShot(10, stand_still)
    with harness.LongestGap() as gap:
        harness.wait_until(lambda: done, 5)
    assert 150 <= gap.ms < 400
    assert gap.busy_ms < 50


def test_computing_is_told_from_waiting():
    with harness.LongestGap() as gap:
        end = time.thread_time() + 0.06
        while time.thread_time() < end:
            pass
    assert gap.busy_ms >= 60
    assert gap.ms >= gap.busy_ms


def test_work_that_never_lets_the_loop_run_is_measured_too():
    with harness.LongestGap() as gap:
        time.sleep(0.12)
    assert gap.ms >= 120


def test_idle_loop_has_short_gaps():
    from Testing.harness.event_loop import wait_for

    with harness.LongestGap() as gap:
        wait_for(0.3)
    assert gap.ms > 0
    assert gap.busy_ms < 50


def test_what_never_comes_is_an_error_that_says_where():
    with pytest.raises(TimeoutError, match="test_event_loop.py"):
        harness.wait_until(lambda: False, 0.05)
