"""Fixtures: jobs in real processes, and what must be left of them: nothing."""

from __future__ import annotations

import os
import time

import pytest

from RegSuite import methods
from RegSuite.backend import start
from RegSuite.backend.job import prepare
from RegSuite.backend.messages import Progress
from Testing.backend.crashing_methods import NAMES
from Testing.workflows.small import a_pair

QUICK = {"report": False, "threads": 1}
"""Parameters of a run of which no report is looked at."""


def lives(number: int) -> bool:
    """Whether a process of this number is there (POSIX; one that has ended but was not waited for counts)."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition, seconds: float = 20.0) -> bool:
    """Wait for a condition; whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def local_methods(monkeypatch):
    """The methods of crashing_methods.py, here and in workers."""
    for name, place in NAMES.items():
        monkeypatch.setitem(methods._METHODS, name, place)
    monkeypatch.setattr(start, "WORKER", "Testing.backend.worker_with_methods")


@pytest.fixture
def temporary(tmp_path):
    """Where jobs make their private folders: empty at the end of every test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    yield folder
    assert [p.name for p in folder.iterdir()] == []


@pytest.fixture
def started(local_methods, temporary):
    """started("shift", ...): a running job on the small pair; none is left running at the end."""
    jobs = []

    def start_job(method: str = "shift", inputs=None, /, *, parameters=None, **options):
        fixed, moving = a_pair()
        values = {"method": method, **QUICK, **(parameters or {})}
        given = {"fixed": fixed, "moving": moving} if inputs is None else inputs
        job = prepare("register", given, values, temporary=options.pop("temporary", temporary), **options)
        jobs.append(job)
        for _ in job.start_in_steps():
            pass
        return job

    yield start_job
    for job in jobs:
        job.close()
        assert job.pid is None or not lives(job.pid)


def reaches(job, stage: str) -> bool:
    """Follow a job until it tells of a stage; whether it ever did."""
    told: set[str] = set()

    def there() -> bool:
        told.update(message.stage for message in job.poll() if isinstance(message, Progress))
        return stage in told or job.is_over

    return until(there, 60) and stage in told
