"""Work in steps: the window lives between them, and what ends it is told once."""

import time

import pytest

from Testing import harness


class Ended:
    def __init__(self):
        self.calls = []

    def __call__(self, value, error):
        self.calls.append((value, error))


@pytest.fixture
def ended():
    return Ended()


def run(work, ended):
    from RegSuite.panel.steps import Steps

    steps = Steps(work, ended)
    steps.start()
    return steps


def test_the_value_that_work_returns_is_told_once(ended):
    def work():
        yield None
        yield 0.01
        return 42

    steps = run(work(), ended)
    harness.wait_until(lambda: ended.calls, 5)
    assert ended.calls == [(42, None)]
    assert steps.stopped


def test_nothing_happens_before_the_event_loop_turns(ended):
    seen = []

    def work():
        seen.append(1)
        yield None

    steps = run(work(), ended)
    assert seen == []
    harness.wait_until(lambda: ended.calls, 5)
    assert seen == [1]
    assert steps.stopped


def test_an_exception_is_told_and_not_lost(ended):
    def work():
        yield None
        raise ValueError("broken")

    steps = run(work(), ended)
    harness.wait_until(lambda: ended.calls, 5)
    value, error = ended.calls[0]
    assert value is None
    assert str(error) == "broken"
    assert steps.stopped


def test_stopping_runs_what_work_does_last_and_tells_nobody(ended):
    closed = []

    def work():
        try:
            while True:
                yield 0.005
        finally:
            closed.append(True)

    steps = run(work(), ended)
    from Testing.harness.event_loop import wait_for

    wait_for(0.05)
    steps.stop()
    assert closed == [True]
    wait_for(0.05)
    assert ended.calls == []


def test_many_short_steps_leave_the_window_its_turns(ended):
    def work():
        for _ in range(200):
            time.sleep(0.002)
            yield None

    with harness.LongestGap() as gap:
        steps = run(work(), ended)
        harness.wait_until(lambda: ended.calls, 10)
    assert steps.stopped
    assert gap.ms < 250  # of 400 ms of work; turns come after 20 ms, and a busy machine adds its own


def test_a_pause_is_waited_for(ended):
    def work():
        yield 0.15

    start = time.monotonic()
    steps = run(work(), ended)
    harness.wait_until(lambda: ended.calls, 5)
    assert time.monotonic() - start >= 0.14
    assert steps.stopped


def test_stopped_by_its_own_step_the_work_ends_after_that_step(ended):
    held, closed = [], []

    def work():
        try:
            yield None
            held[0].stop()  # as an event does that arrives while the step runs
            yield None
        finally:
            closed.append(True)

    held.append(run(work(), ended))
    harness.wait_until(lambda: closed, 5)
    assert closed == [True]
    assert ended.calls == []
