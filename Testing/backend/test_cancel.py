"""A job that is cancelled: over within two seconds wherever it is, with nothing left."""

from __future__ import annotations

import time

import pytest

from RegSuite.errors import Cancelled, InputError
from Testing.backend.conftest import lives, reaches, until
from Testing.workflows.small import a_pair


def cancelled_in(job) -> float:
    """Seconds from the cancel to the end."""
    began = time.monotonic()
    job.cancel()
    job.cancel()  # a second press changes nothing
    assert until(lambda: job.poll() is not None and job.is_over, 5)
    return time.monotonic() - began


def assert_nothing_left(job, temporary, out):
    assert job.state == "cancelled"
    assert isinstance(job.error, Cancelled)
    assert not lives(job.pid)
    assert list(temporary.iterdir()) == []
    assert [p.name for p in out.parent.iterdir()] == [temporary.name], "no partial folder beside the output"
    with pytest.raises(Cancelled):
        job.content()
    with pytest.raises(Cancelled):
        job.publish(out)


@pytest.mark.parametrize(
    "stage",
    [pytest.param("start", marks=pytest.mark.slow), pytest.param("read", marks=pytest.mark.slow), "waiting"],
)
def test_a_worker_that_starts_reads_or_reports_stops(started, temporary, tmp_path, stage):
    job = started("slow", output=tmp_path / "out")
    assert reaches(job, stage)
    seconds = cancelled_in(job)
    assert seconds < 2, f"{seconds:.2f} s"
    assert_nothing_left(job, temporary, tmp_path / "out")


def test_a_worker_that_was_just_born_stops(started, temporary, tmp_path):
    job = started("slow", output=tmp_path / "out")
    seconds = cancelled_in(job)
    assert seconds < 2, f"{seconds:.2f} s"
    assert_nothing_left(job, temporary, tmp_path / "out")


@pytest.mark.parametrize("method", [pytest.param("silent", marks=pytest.mark.slow), "deaf"])
def test_a_worker_in_a_long_call_without_progress_is_ended(started, temporary, tmp_path, method):
    job = started(method, output=tmp_path / "out")
    assert reaches(job, "computing")
    seconds = cancelled_in(job)
    assert 0.9 < seconds < 2, f"{seconds:.2f} s"
    assert_nothing_left(job, temporary, tmp_path / "out")


@pytest.mark.slow
def test_a_worker_that_writes_its_report_stops(started, temporary, tmp_path):
    job = started("shift", parameters={"report": True}, output=tmp_path / "out")
    assert reaches(job, "report")
    seconds = cancelled_in(job)
    assert seconds < 2, f"{seconds:.2f} s"
    assert_nothing_left(job, temporary, tmp_path / "out")


def test_a_job_cancelled_while_its_inputs_are_written_never_starts(local_methods, temporary, monkeypatch):
    from RegSuite.backend import arrays
    from RegSuite.backend.job import prepare

    monkeypatch.setattr(arrays, "PIECE_BYTES", 4096)
    fixed, moving = a_pair()
    job = prepare("register", {"fixed": fixed, "moving": moving}, temporary=temporary)
    steps = job.start_in_steps()
    for _ in range(3):
        next(steps)
    with pytest.raises(InputError, match="it is preparing"):
        job.content()
    job.cancel()
    assert list(steps) == []
    assert (job.state, job.pid, list(temporary.iterdir())) == ("cancelled", None, [])


@pytest.mark.slow
def test_a_job_cancelled_while_its_result_is_put_in_its_place_leaves_nothing(
    started, temporary, tmp_path, monkeypatch
):
    from RegSuite.backend import running

    monkeypatch.setattr(running, "_PIECE_S", 0.0)  # publishing begins and waits for ever
    job = started("shift", output=tmp_path / "out")
    assert until(lambda: job.poll() is not None and job._work is not None, 30)
    assert job.state == "running"
    next(job._work)
    job.cancel()
    assert_nothing_left(job, temporary, tmp_path / "out")


@pytest.mark.slow
def test_cancelling_a_job_that_is_over_changes_nothing(started):
    job = started("shift")
    assert job.wait() == "completed"
    job.cancel()
    assert job.state == "completed"
    assert job.content().item("warped") is not None
