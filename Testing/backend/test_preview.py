"""What a run shows while it works: bounded, whole, never waited for, and gone at its end."""

from __future__ import annotations

import time

import numpy as np
import pytest

from RegSuite import workflows
from RegSuite.backend import start
from RegSuite.backend.job import prepare
from RegSuite.backend.messages import Previewed
from RegSuite.backend.preview import MOST_ROWS, PreviewPost, even_rows, read_preview
from Testing.backend.conftest import lives, until


@pytest.fixture
def showing(monkeypatch, temporary):
    """showing(...): a running job of the workflow that shows a cloud; closed at the end."""
    monkeypatch.setitem(workflows._WORKFLOWS, "showing", "Testing.backend.showing")
    monkeypatch.setattr(start, "WORKER", "Testing.backend.showing")
    jobs = []

    def start_job(**parameters):
        job = prepare("showing", {}, {"threads": 1, **parameters}, temporary=temporary)
        jobs.append(job)
        for _ in job.start_in_steps():
            pass
        return job

    yield start_job
    for job in jobs:
        job.close()


def shown(job, name, count=1):
    """Follow a job until a preview of that number came; the values of it or of a later one."""
    assert until(lambda: job.poll() is not None and seen(job, name) >= count, 30), job.last_words
    return job.preview(name)


def seen(job, name):
    return job.previews[name].number if name in job.previews else 0


def test_a_worker_shows_its_cloud_evenly_thinned_five_times_a_second_and_cancel_leaves_nothing(
    showing, temporary
):
    job = showing(points=50_000)
    first = shown(job, "moving")
    assert first.shape == (MOST_ROWS, 3)
    assert first.dtype == np.float32
    assert np.array_equal(first[:, 0], even_rows(50_000))
    assert job.preview("organs").shape == (MOST_ROWS, 1)  # aligned with the cloud: the same rows
    assert job.preview("unheard of") is None
    began, number = time.monotonic(), seen(job, "moving")
    later = shown(job, "moving", number + 4)
    assert later[0, 1] > first[0, 1]
    assert len(set(later[:, 1].tolist())) == 1, "of one step alone: never half of the next"
    assert (seen(job, "moving") - number) / (time.monotonic() - began) < 5.6
    folder = job._start.folder
    assert len(list((folder / "previews").iterdir())) <= 4  # two files a name, however long it runs
    assert (folder / "messages.jsonl").stat().st_size < 10_000
    took = []
    for _ in range(20):
        start_s = time.perf_counter()
        job.poll()
        job.preview("moving")
        took.append(time.perf_counter() - start_s)
    assert np.median(took) < 0.02
    job.cancel()
    assert until(lambda: job.poll() is not None and job.is_over, 5)
    assert (job.state, job.preview("moving"), list(temporary.iterdir())) == ("cancelled", None, [])
    assert not lives(job.pid)


def test_a_worker_that_is_killed_while_it_shows_leaves_nothing(showing, temporary):
    job = showing()
    shown(job, "moving")
    job._belongings.process.kill()
    assert until(lambda: job.poll() is not None and job.is_over, 5)
    assert (job.state, job.preview("moving"), list(temporary.iterdir())) == ("crashed", None, [])


def test_what_is_shown_changes_nothing_of_the_result(showing):
    job = showing(shows=20, points=10)
    assert job.wait(30) == "completed"
    assert seen(job, "moving") >= 1
    assert job.record.metrics == {"steps": 20}


def test_a_few_points_are_shown_all_and_a_second_preview_at_once_is_not(tmp_path):
    told = []
    post = PreviewPost(tmp_path, told.append)
    values = np.random.default_rng(0).normal(size=(7, 2))
    kept = values.copy()
    post("moving", values)
    post("moving", values + 1)
    assert np.array_equal(read_preview(tmp_path, told[0]), values.astype("f4"))
    assert np.array_equal(values, kept)
    assert len(told) == 1


def test_a_preview_whose_file_is_gone_or_another_ones_is_none(tmp_path):
    told = []
    PreviewPost(tmp_path, told.append)("moving", np.zeros((4, 3)))
    other = Previewed("moving", told[0].file, 2, [5, 3])
    assert read_preview(tmp_path, other) is None
    (tmp_path / "previews" / told[0].file).unlink()
    assert read_preview(tmp_path, told[0]) is None


@pytest.mark.parametrize("count", [0, 1, MOST_ROWS, MOST_ROWS + 1, 123_457])
def test_rows_are_spread_evenly_and_never_twice(count):
    rows = even_rows(count)
    assert len(rows) == min(count, MOST_ROWS)
    if count:
        assert rows[0] == 0
        assert rows[-1] >= count - count // MOST_ROWS - 2
        gaps = np.diff(rows)
        assert gaps.size == 0 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)
