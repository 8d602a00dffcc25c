"""The private folder, the interpreter, and the way of a result to its place."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from RegSuite.backend import interpreter as of_interpreter
from RegSuite.backend import publish as of_publish
from RegSuite.backend.interpreter import interpreter, worker_environment
from RegSuite.backend.job import prepare
from RegSuite.backend.private_folder import PREFIX, make_private_folder
from RegSuite.backend.publish import publish_in_steps
from RegSuite.errors import InputError, OutputError
from RegSuite.report.disk import machine
from RegSuite.report.result import Result

INPUTS = {"fixed": "fixed.nii.gz", "moving": "moving.nii.gz"}


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_private_folder_is_for_its_owner_alone(tmp_path):
    folder = make_private_folder(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.name.startswith(f"{PREFIX}{machine()}-{os.getpid()}-")


@pytest.mark.skipif(os.name != "posix", reason="only POSIX says whether a process lives")
def test_folders_of_dead_processes_are_swept_and_those_of_living_ones_stay(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = tmp_path / f"{PREFIX}{machine()}-{ended.pid}-abc"
    living = tmp_path / f"{PREFIX}{machine()}-{os.getpid()}-abc"
    other = tmp_path / f"{PREFIX}{machine()}other-{ended.pid}-abc"
    for folder in (dead, living, other):
        (folder / "inputs").mkdir(parents=True)
    make_private_folder(tmp_path)
    assert (dead.exists(), living.exists(), other.exists()) == (False, True, True)


def test_a_temporary_folder_that_is_none_is_refused_with_the_mend(tmp_path):
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "nowhere"):
        with pytest.raises(OutputError, match="TMPDIR") as raised:
            prepare("register", INPUTS, temporary=place)
        assert raised.value.where == str(place)


def test_a_temporary_folder_that_may_not_be_written_is_refused(tmp_path, monkeypatch):
    def refuse(*_args, **_more):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)  # root may write everywhere
    with pytest.raises(OutputError, match="Permission denied"):
        prepare("register", INPUTS, temporary=tmp_path)


@pytest.mark.parametrize(
    ("inputs", "parameters", "words"),
    [
        ({"fixed": "a.nii"}, {}, "no moving image was given"),
        ({**INPUTS, "atlas": "b.nii"}, {}, "'atlas' is no input of register"),
        (INPUTS, {"methode": "rigid"}, "did you mean 'method'"),
        (INPUTS, {"threads": 0}, "threads"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_made(tmp_path, inputs, parameters, words):
    with pytest.raises(InputError, match=words):
        prepare("register", inputs, parameters, temporary=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_workflow_is_refused(tmp_path):
    with pytest.raises(InputError, match="no workflow 'regster'"):
        prepare("regster", {}, temporary=tmp_path)


def test_an_output_that_holds_a_result_is_refused_before_anything_is_made(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.json").write_text("{}")
    with pytest.raises(OutputError, match="holds a result"):
        prepare("register", INPUTS, output=tmp_path / "out", temporary=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_in_slicer_the_worker_runs_in_pythonslicer_elsewhere_in_this_python(tmp_path, monkeypatch):
    assert interpreter() == sys.executable
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / ("PythonSlicer.exe" if os.name == "nt" else "PythonSlicer")
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    monkeypatch.setitem(sys.modules, "slicer", object())
    assert interpreter() == sys.executable, "slicer-core is no Slicer"
    monkeypatch.setenv("SLICER_HOME", str(tmp_path))
    assert interpreter() == str(python)


def test_the_worker_finds_this_regsuite_first_and_nothing_in_the_users_folder(monkeypatch):
    found = worker_environment({"PYTHONPATH": "elsewhere", "OMP_WAIT_POLICY": "ACTIVE"})
    home = str(Path(of_interpreter.__file__).parents[2])
    assert found["PYTHONPATH"] == os.pathsep.join([home, "elsewhere"])
    assert found["PYTHONSAFEPATH"] == "1"
    assert found["OMP_WAIT_POLICY"] == "ACTIVE"
    assert worker_environment({})["OMP_WAIT_POLICY"] == "PASSIVE"


@pytest.fixture
def finished(tmp_path):
    """A result as a worker leaves it."""
    folder = tmp_path / "private" / "result"
    folder.mkdir(parents=True)
    record = Result(workflow="register", status="completed", files={"warped": "warped.nii.gz"})
    (folder / "result.json").write_text(record.to_json())
    (folder / "warped.nii.gz").write_bytes(b"w" * 5000)
    return folder


def test_a_published_folder_holds_the_result_and_the_finished_one_is_gone(finished, tmp_path):
    list(publish_in_steps(finished, tmp_path / "new" / "out"))
    assert (tmp_path / "new" / "out" / "warped.nii.gz").read_bytes() == b"w" * 5000
    assert Result.read(tmp_path / "new" / "out").files == {"warped": "warped.nii.gz"}
    assert not finished.exists()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["out"]


def test_a_scene_that_was_written_later_is_named_in_the_record(finished, tmp_path):
    (finished / "scene.mrb").write_bytes(b"scene")
    list(publish_in_steps(finished, tmp_path / "out"))
    assert Result.read(tmp_path / "out").files["scene"] == "scene.mrb"


def test_across_disks_files_are_copied_in_pieces_and_a_writer_let_go_leaves_nothing(
    finished, tmp_path, monkeypatch
):
    def across(*_args):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", across)
    monkeypatch.setattr(of_publish, "PIECE_BYTES", 1000)
    steps = publish_in_steps(finished, tmp_path / "out")
    for _ in range(3):
        next(steps)
    steps.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["private"]
    assert len(list(publish_in_steps(finished, tmp_path / "out"))) >= 5
    assert (tmp_path / "out" / "warped.nii.gz").read_bytes() == b"w" * 5000


def test_a_target_that_cannot_be_written_leaves_the_finished_result_where_it_is(finished, tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError, match="is a file"):
        list(publish_in_steps(finished, tmp_path / "out"))
    assert (finished / "warped.nii.gz").exists()
