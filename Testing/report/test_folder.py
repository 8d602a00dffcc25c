"""A result folder is complete or is not there."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from RegSuite.errors import DiskFull, OutputError
from RegSuite.report import disk
from RegSuite.report.folder import ResultFolder
from RegSuite.report.result import Result
from Testing.report.results import a_failure, a_result

as_root = os.name == "posix" and os.geteuid() == 0


def everything(folder):
    """Relative names of all there is below a folder, hidden things included."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def write(target, name="warped.nii.gz", content="new", **options):
    with ResultFolder(target, **options) as folder:
        (folder.path / name).write_text(content)
        folder.complete(a_result(files={"warped": name}))


def test_nothing_is_seen_before_the_end_and_everything_after(tmp_path):
    target = tmp_path / "deep" / "out"
    with ResultFolder(target) as folder:
        (folder.path / "warped.nii.gz").write_text("x")
        folder.complete(a_result())
        assert not target.exists()
        assert folder.path.name.startswith(".")
    assert everything(tmp_path) == ["deep", "deep/out", "deep/out/result.json", "deep/out/warped.nii.gz"]
    assert Result.read(target).status == "completed"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_or_ctrl_c_in_mid_write_leaves_nothing_and_passes_on(tmp_path, error):
    with pytest.raises(error), ResultFolder(tmp_path / "deep" / "out") as folder:  # noqa: PT012  # the block is what is tested
        (folder.path / "warped.nii.gz").write_text("x")
        raise error
    assert everything(tmp_path) == []


def test_a_block_that_does_not_complete_leaves_nothing(tmp_path):
    with ResultFolder(tmp_path / "out") as folder:
        (folder.path / "warped.nii.gz").write_text("x")
    assert everything(tmp_path) == []


def test_a_failure_leaves_result_json_alone(tmp_path):
    with ResultFolder(tmp_path / "out") as folder:
        (folder.path / "warped.nii.gz").write_text("x")
        (folder.path / "sub").mkdir()
        folder.fail(a_failure())
    assert everything(tmp_path / "out") == ["result.json"]
    assert Result.read(tmp_path / "out").reason.mend == "pass --initial"


def test_a_folder_with_a_result_is_refused_and_left_as_it_is(tmp_path):
    write(tmp_path / "out", content="old")
    with pytest.raises(OutputError, match="holds a result already") as caught:
        write(tmp_path / "out")
    assert "--overwrite" in caught.value.mend
    assert (tmp_path / "out" / "warped.nii.gz").read_text() == "old"


def test_overwriting_takes_the_old_result_away_only_when_the_new_is_complete(tmp_path):
    out = tmp_path / "out"
    write(out, "old_map.nii.gz", "old")
    (out / "my notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="half"), ResultFolder(out, overwrite=True) as folder:  # noqa: PT012  # so here
        (folder.path / "warped.nii.gz").write_text("new")
        raise ValueError("half way")
    assert everything(out) == ["my notes.txt", "old_map.nii.gz", "result.json"]
    write(out, overwrite=True)
    assert everything(tmp_path) == ["out", "out/my notes.txt", "out/result.json", "out/warped.nii.gz"]


def test_when_the_swap_fails_the_old_result_is_back(tmp_path, monkeypatch):
    out = tmp_path / "out"
    write(out, content="old")
    replace = Path.replace

    def failing(source, destination):
        if Path(destination) == out / "result.json" and "partial" in str(source):
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(source, destination)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(DiskFull):
        write(out, overwrite=True)
    assert everything(tmp_path) == ["out", "out/result.json", "out/warped.nii.gz"]
    assert (out / "warped.nii.gz").read_text() == "old"


def test_a_result_with_files_that_point_elsewhere_takes_nothing_away_there(tmp_path):
    (tmp_path / "precious").write_text("mine")
    with ResultFolder(tmp_path / "out") as folder:
        folder.complete(a_result(files={"a": "../precious", "b": str(tmp_path / "precious")}))
    write(tmp_path / "out", overwrite=True)
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_folder_without_a_result_is_filled_and_what_was_there_stays(tmp_path):
    (tmp_path / "log.txt").write_text("mine")
    write(tmp_path)
    assert everything(tmp_path) == ["log.txt", "result.json", "warped.nii.gz"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "warped.nii.gz").write_text("mine")
    with pytest.raises(OutputError, match=r"holds warped.nii.gz of other origin"):
        write(other)
    assert everything(other) == ["warped.nii.gz"]
    assert (other / "warped.nii.gz").read_text() == "mine"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_while_writing_is_said_and_nothing_is_left(tmp_path, number):
    said = pytest.raises(DiskFull, match="the disk is full; nothing was left")
    with said, ResultFolder(tmp_path / "deep" / "out") as folder:
        (folder.path / "part").write_text("x")
        raise OSError(number, "No space left on device", str(folder.path / "warped.nii.gz"))
    assert everything(tmp_path) == []


def test_a_full_disk_that_a_library_hides_is_found_by_looking(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 100})()
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DiskFull), ResultFolder(tmp_path / "out"):
        raise RuntimeError("ITK ERROR: could not write")
    assert everything(tmp_path) == []


def test_a_full_disk_at_result_json_leaves_nothing(tmp_path, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with pytest.raises(DiskFull), ResultFolder(tmp_path / "out") as folder:  # noqa: PT012  # so here
        monkeypatch.setattr(Path, "write_text", full)
        folder.complete(a_result())
    monkeypatch.undo()
    assert everything(tmp_path) == []


def test_a_folder_that_may_not_be_written_is_refused_at_the_start(tmp_path, monkeypatch):
    def refused(self, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        ResultFolder(tmp_path / "out").__enter__()
    monkeypatch.undo()
    assert everything(tmp_path) == []


@pytest.mark.skipif(os.name != "posix" or as_root, reason="permissions bind no administrator")
def test_a_read_only_folder_above_is_refused_at_the_start(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        ResultFolder(tmp_path / "out").__enter__()
    tmp_path.chmod(0o700)


def test_a_target_in_a_folder_that_is_closed_is_filled_from_within(tmp_path, monkeypatch):
    out = tmp_path / "volume"
    out.mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with ResultFolder(out) as folder:
        assert folder.path.parent == out
        folder.complete(a_result())
    assert everything(out) == ["result.json"]


def test_a_target_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        ResultFolder(tmp_path / "out").__enter__()
    with pytest.raises(OutputError, match="cannot be written"):
        ResultFolder(tmp_path / "out" / "below").__enter__()


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")
def test_a_killed_run_shows_nothing_and_the_next_one_sweeps_up(tmp_path):
    code = f"""
        import os, signal
        from RegSuite.report.folder import ResultFolder
        with ResultFolder({str(tmp_path / "out")!r}) as folder:
            (folder.path / "warped.nii.gz").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    write(tmp_path / "out")
    assert everything(tmp_path) == ["out", "out/result.json", "out/warped.nii.gz"]
