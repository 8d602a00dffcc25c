"""Jobs that end well, in real worker processes."""

from __future__ import annotations

import gc
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

import RegSuite
from RegSuite.backend.messages import Finished, Progress
from RegSuite.errors import InputError
from RegSuite.geometry import Image, PointSet
from RegSuite.io.simpleitk_bridge import image_to_sitk
from RegSuite.report.result import Result as ResultRecord
from RegSuite.transforms import AffineTransform
from Testing import needs
from Testing.backend.conftest import QUICK, lives, reaches
from Testing.workflows.small import SHIFT_MM, a_pair, labels_of, landmarks, write_pair


def test_a_job_tells_its_way_and_gives_a_result_that_is_put_in_its_place_when_asked(
    started, temporary, tmp_path
):
    job = started()
    assert job.state == "running"
    messages = []
    while not job.is_over:
        messages += job.poll()
        time.sleep(0.01)
    assert job.state == "completed", job.reason
    fractions = [m.fraction for m in messages if isinstance(m, Progress)]
    assert fractions == sorted(fractions)
    assert isinstance(messages[-1], Finished)
    assert any(stage == "shifting" and metrics == {"ssd": 1.0} for _, stage, metrics in job.history)
    assert any("needs about" in sentence for sentence in job.log)
    assert (job.fraction, job.reason, job.folder.parent.parent) == (1.0, None, temporary)
    assert not lives(job.pid), "the memory is given back"

    private = job.folder
    assert job.publish(tmp_path / "out") == tmp_path / "out"
    assert ResultRecord.read(tmp_path / "out") == job.record
    assert not private.exists()
    assert job.content().item("warped") is not None, "what is shown stays until the job is closed"
    job.close()
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_labels_points_masks_and_a_start_in_memory_give_the_bits_of_a_run_in_this_process(
    started, temporary, tmp_path
):
    fixed, moving = a_pair()
    points = landmarks()
    inputs = {
        "fixed": fixed,
        "moving": moving,
        "fixed_mask": Image((fixed.data > 5).float(), fixed.grid, name="fixed mask"),
        "fixed_labels": labels_of(fixed),
        "moving_labels": labels_of(moving),
        "fixed_points": points[0],
        "moving_points": PointSet(points[1].points, name="moving points"),
        "initial": AffineTransform(np.eye(3), [3.0, -2.0, 1.0]),
        "label_names": {1: "shell", 2: "core"},
    }
    job = started("rigid", inputs)
    assert job.wait() == "completed", job.reason
    here = RegSuite.register(**inputs, method="rigid", threads=1)
    content = job.content()
    assert torch.equal(content.item("displacement").displacement_mm, here.images["displacement"].data)
    for role in ("warped", "warped_labels", "jacobian", "inverse_displacement"):
        found = content.item(role)
        data = found.displacement_mm if role == "inverse_displacement" else found.data
        assert torch.equal(data, here.images[role].data), role
    assert content.label_names == {1: "shell", 2: "core"}
    assert torch.equal(content.item("fixed").data, fixed.data)
    assert job.record.metrics == here.record.metrics
    mine, theirs = job.record.inputs, here.record.inputs
    assert mine == theirs
    assert len(mine["fixed"].sha256) == 64
    assert mine["fixed"].sha256 != mine["moving"].sha256


@pytest.mark.slow
def test_files_and_simpleitk_images_are_inputs_too_and_the_result_goes_where_it_was_ordered(
    started, tmp_path, temporary
):
    files = write_pair(tmp_path)
    before = {role: path.read_bytes() for role, path in files.items()}
    moving = sitk.Cast(image_to_sitk(a_pair()[1]), sitk.sitkInt16)
    job = started(
        "shift",
        {"fixed": files["fixed"], "moving": moving, "fixed_points": str(files["fixed_points"])},
        parameters={"parameters": {"shift_mm": SHIFT_MM}},
        output=tmp_path / "results" / "out",
        content=False,
    )
    assert job.wait() == "completed", job.reason
    assert job.folder == tmp_path / "results" / "out"
    record = ResultRecord.read(job.folder)
    assert record.inputs["fixed"].file == str(files["fixed"])
    assert record.inputs["fixed"].sha256 is not None
    assert "scene" not in record.files
    with pytest.raises(InputError, match="no content"):
        job.content()
    assert {role: path.read_bytes() for role, path in files.items()} == before
    job.close()
    assert (tmp_path / "results" / "out" / "result.json").exists()


@pytest.mark.slow
def test_prints_of_a_library_are_no_messages_and_a_flood_of_progress_is_ten_lines_a_second(started):
    job = started("prints")
    assert job.wait() == "completed", job.reason
    assert job.record.method == "prints"
    assert "from a library" in job.last_words

    job = started("floods")
    began = time.monotonic()
    messages = []
    while not job.is_over:
        messages += job.poll()
        time.sleep(0.01)
    assert job.state == "completed", job.reason
    floods = [m for m in messages if isinstance(m, Progress) and m.stage == "flooding"]
    assert 1 <= len(floods) <= 1 + 10 * (time.monotonic() - began)
    assert all(set(m.metrics) == {"step"} for m in floods), "a measure that is no number is left out"


@pytest.mark.slow
def test_the_memory_of_a_run_is_given_back(started):
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("the resident memory is read from Linux's /proc")

    def resident_mb() -> float:
        gc.collect()
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return float(line.split()[1]) / 1000

    started("shift").wait()
    before = resident_mb()
    for _ in range(2):
        job = started("shift")
        assert job.wait() == "completed"
        job.close()
    assert resident_mb() < before + 20


@pytest.mark.slow
def test_nothing_of_a_job_that_was_forgotten_is_left(local_methods, temporary):
    from RegSuite.backend.job import submit

    fixed, moving = a_pair()
    job = submit(
        "register", {"fixed": fixed, "moving": moving}, {"method": "slow", **QUICK}, temporary=temporary
    )
    assert reaches(job, "waiting")
    number = job.pid
    assert lives(number)
    del job
    gc.collect()
    assert not lives(number)
    assert list(temporary.iterdir()) == []


def test_wait_can_be_left_after_a_time(started):
    job = started("silent")
    began = time.monotonic()
    assert job.wait(0.2) == "running"
    assert time.monotonic() - began < 0.5


def test_from_python_it_is_three_lines(temporary, tmp_path):
    files = write_pair(tmp_path)
    job = RegSuite.submit(
        "register",
        {"fixed": files["fixed"], "moving": files["moving"]},
        {"method": "rigid", **QUICK},
        temporary=temporary,
        content=False,
    )
    assert job.wait() == "completed", job.reason
    job.publish(tmp_path / "out")
    job.close()
    assert ResultRecord.read(tmp_path / "out").method == "rigid"


@pytest.mark.slow
@pytest.mark.slicer
def test_a_scene_can_be_written_by_the_worker(started):
    needs.slicer_core()
    job = started("rigid", scene=True)
    assert job.wait() == "completed", job.reason
    assert job.record.files["scene"] == "scene.mrb"
    assert zipfile.is_zipfile(job.folder / "scene.mrb")
