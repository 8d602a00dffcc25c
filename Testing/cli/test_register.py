"""`regsuite register` as a user runs it: streams, exit statuses, and what is left on disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import zipfile

import pytest

from RegSuite.report.result import Result as ResultRecord
from Testing import needs
from Testing.cli.command import LOCAL, regsuite, started
from Testing.workflows.small import write_pair

SHIFT = ("--set", "shift_mm=4,-3,2")
BARE = ("--no-report", "--no-scene")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return write_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def done(pair, tmp_path_factory):
    """One full run with everything given, its folder and its streams."""
    out = tmp_path_factory.mktemp("results") / "out"
    words = [pair["fixed"], pair["moving"], "-o", out, "--method", "shift", *SHIFT, "--json", "--threads", 1]
    for role in ("fixed_labels", "moving_labels", "fixed_points", "moving_points"):
        words += ["--" + role.replace("_", "-"), pair[role]]
    return out, regsuite("register", *words, module=LOCAL)


def test_a_run_that_ends_well_leaves_status_0_and_one_line_on_stdout(done):
    out, process = done
    assert process.returncode == 0, process.stderr
    assert process.stdout.count("\n") == 1
    assert json.loads(process.stdout) == json.loads((out / "result.json").read_text())


def test_progress_and_the_needs_of_the_run_stand_on_stderr(done):
    _, process = done
    assert "needs about" in process.stderr
    assert "MB" in process.stderr
    stages = [line.split()[2] for line in process.stderr.splitlines() if "%  " in line]
    assert stages[0] == "read"
    assert "shifting" in stages
    assert "report" in stages
    assert "report.html" in process.stderr.splitlines()[-1]


@pytest.mark.slicer
def test_the_scene_is_written_and_named_without_a_word_from_vtk(done):
    needs.slicer_core()
    out, process = done
    record = ResultRecord.read(out)
    assert record.files["scene"] == "scene.mrb"
    assert not any("scene" in sentence for sentence in record.warnings)
    assert record.seconds["scene"] > 0
    with zipfile.ZipFile(out / "scene.mrb") as bundle:
        assert "scene/scene.mrml" in bundle.namelist()
    assert "vtk" not in process.stderr.lower()


def test_the_record_names_everything_that_decided_the_result(done, pair):
    out, _ = done
    record = ResultRecord.read(out)
    assert record.inputs["fixed"].file == str(pair["fixed"])
    assert record.parameters["parameters"]["shift_mm"] == [4.0, -3.0, 2.0]
    assert record.threads == 1
    assert record.device == "cpu"
    assert record.seed == 0
    assert record.versions["torch"]
    assert record.metrics["tre_mm"]["max"] < 1e-3


def test_without_json_stdout_is_empty_and_without_report_there_is_none(pair, tmp_path, run):
    process = run(
        "register", pair["fixed"], pair["moving"], "-o", tmp_path / "out", "--method", "shift", "--no-report",
        "--no-scene",
    )  # fmt: skip
    assert (process.returncode, process.stdout) == (0, "")
    assert not (tmp_path / "out" / "report.html").exists()
    record = ResultRecord.read(tmp_path / "out")
    assert "report" not in record.files
    assert not any("scene" in sentence for sentence in record.warnings)


def test_an_existing_result_is_refused_and_stays_as_it_is(done, pair, run):
    out, _ = done
    before = (out / "result.json").read_bytes()
    process = regsuite(
        "register", pair["fixed"], pair["moving"], "-o", out, "--method", "shift", module=LOCAL
    )
    assert process.returncode == 2
    assert "--overwrite" in process.stderr
    assert (out / "result.json").read_bytes() == before


def words_for(name, pair, out, *more):
    return ("register", pair["fixed"], pair["moving"], "-o", out, "--method", name, *more)


def test_a_method_that_fails_leaves_status_1_and_a_result_with_the_reason(pair, tmp_path, run):
    process = run(*words_for("fails", pair, tmp_path / "out", "--json"))
    assert process.returncode == 1
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["result.json"]
    record = json.loads(process.stdout)
    assert record["status"] == "failed"
    assert record["reason"] == {
        "what": "the overlap fell to 3 %",
        "where": "level 2",
        "mend": "pass --initial center-of-mass",
    }
    assert "mend: pass --initial center-of-mass" in process.stderr


def test_a_defect_leaves_status_1_and_says_where(pair, tmp_path, run):
    process = run(*words_for("breaks", pair, tmp_path / "out"))
    assert process.returncode == 1
    assert "IndexError" in ResultRecord.read(tmp_path / "out").reason.what
    assert "Traceback" not in process.stderr


def test_too_little_memory_is_refused_before_the_method_runs(pair, tmp_path, run):
    process = run(*words_for("greedy-for-memory", pair, tmp_path / "out"))
    assert process.returncode == 1
    assert "OutOfMemory" in process.stderr
    assert "are available" in process.stderr
    assert "register" not in ResultRecord.read(tmp_path / "out").seconds


def test_a_method_that_refuses_the_input_leaves_status_2_and_nothing(pair, tmp_path, run):
    process = run(*words_for("refuses", pair, tmp_path / "out"))
    assert process.returncode == 2
    assert "mend: give another" in process.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--set", "shift_m=3"), "did you mean 'shift_mm'"),
        (("--set", "random_mm=99"), "less than or equal to 10"),
        (("--set", "random_mm=much"), "given: 'much'"),
        (("--set", "random_mm"), "not key=value"),
        (("--device", "tpu"), "'tpu' is not a device"),
        (("--device", "cuda:99"), "is not there"),
        (("--threads", "0"), "threads"),
        (("--seed", "-1"), "seed"),
        (("--preset", "brain-mir"), "did you mean 'brain-mri'"),
        (("--method", "shit"), "did you mean 'shift'"),
        (("--limits", "nowhere.yaml"), "nowhere.yaml"),
        (("--parameters", "nowhere.yaml"), "nowhere.yaml"),
        (("--initial", "nowhere.tfm"), "nowhere.tfm"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_words_and_leaves_nothing(pair, tmp_path, words, told, run):
    process = run(*words_for("shift", pair, tmp_path / "out", *words))
    assert process.returncode == 2, process.stderr
    assert told in process.stderr
    assert process.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_status_130_and_nothing(pair, tmp_path, number):
    words = ("register", pair["fixed"], pair["moving"], "-o", tmp_path / "new" / "out", "--method", "slow")
    process = started(*words, module=LOCAL)
    assert process.stderr is not None
    for line in process.stderr:
        if "waiting" in line:
            break
    process.send_signal(number)
    assert process.wait(timeout=30) == 130
    assert "cancelled" in process.stderr.read()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_in_two_processes(pair, tmp_path, run):
    for name in ("a", "b"):
        process = regsuite(
            *words_for("shift", pair, tmp_path / name, "--set", "random_mm=5", "--seed", 3, *BARE),
            module=LOCAL,
        )
        assert process.returncode == 0, process.stderr
    for file in ("displacement", "inverse_displacement", "warped", "jacobian"):
        first, second = ((tmp_path / name / f"{file}.nii.gz").read_bytes() for name in ("a", "b"))
        assert first == second


@pytest.mark.slow
def test_an_affine_run_gives_the_same_bits_in_two_processes(pair, tmp_path, run):
    for name in ("a", "b"):
        words = (pair["fixed"], pair["moving"], "-o", tmp_path / name, "--method", "affine", "--threads", 2)
        process = regsuite("register", *words, *BARE)
        assert process.returncode == 0, process.stderr
    first, second = ((tmp_path / name / "displacement.nii.gz").read_bytes() for name in ("a", "b"))
    assert first == second


def full_disk(folder):
    """A file system of 256 kB at `folder`; skips where one may not be mounted."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")


def test_a_full_disk_leaves_status_1_words_and_nothing(pair, tmp_path, run):
    disk = tmp_path / "disk"
    full_disk(disk)
    try:
        process = run(*words_for("shift", pair, disk / "out"))
        assert process.returncode == 1
        assert "DiskFull" in process.stderr
        assert "Traceback" not in process.stderr
        assert list(disk.iterdir()) == []
    finally:
        time.sleep(0.1)
        subprocess.run(["umount", str(disk)], check=True)


def test_a_place_that_cannot_hold_a_folder_leaves_status_2_and_nothing(pair, tmp_path, run):
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "below" / "out"):
        process = run(*words_for("shift", pair, out))
        assert process.returncode == 2, process.stderr
        assert str(tmp_path / "file") in process.stderr
        assert "Traceback" not in process.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_may_not_be_written_leaves_status_2(pair, tmp_path, run):
    if os.name != "posix" or os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    process = run(*words_for("shift", pair, locked / "out"))
    assert process.returncode == 2
    assert "Permission denied" in process.stderr
