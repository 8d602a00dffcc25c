"""A worker that fails, dies or never lives: the job says what, where and the mend."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from RegSuite.backend import running
from RegSuite.backend.messages import Failed
from RegSuite.errors import DiskFull, InputError, MethodFailed, OutOfMemory, OutputError
from RegSuite.report.result import Result as ResultRecord
from Testing.backend.conftest import lives, until
from Testing.cli.command import ROOT
from Testing.cli.test_register import full_disk
from Testing.workflows.small import write_pair

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


@pytest.mark.parametrize(
    ("method", "words", "last"),
    [
        ("leaves", "it ended with status 3", "these are the last words"),
        pytest.param(
            "is-killed", "killed by the system, often for want of memory", "", marks=[posix, pytest.mark.slow]
        ),
        pytest.param(
            "segfaults", "segmentation fault", "crashing_methods.py", marks=[posix, pytest.mark.slow]
        ),
    ],
)
def test_a_worker_that_dies_is_reported_with_the_stage_and_its_last_words(
    started, temporary, method, words, last
):
    job = started(method)
    messages = []
    assert until(lambda: messages.extend(job.poll()) or job.is_over, 60)
    assert job.state == "crashed"
    assert words in job.reason["what"]
    assert repr(job.stage) in job.reason["where"]
    assert job.reason["mend"]
    assert job.stage in ("leaving", "eating", "reading")
    assert last in job.last_words
    assert isinstance(messages[-1], Failed)
    assert messages[-1].last_words == job.last_words
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "kind", "words"),
    [
        ("fails", MethodFailed, "the overlap fell to 3 %"),
        pytest.param("refuses", InputError, "one tissue", marks=pytest.mark.slow),
        pytest.param("memory-error", OutOfMemory, "memory ran out", marks=pytest.mark.slow),
        pytest.param("breaks", MethodFailed, "IndexError", marks=pytest.mark.slow),
    ],
)
def test_a_method_that_fails_gives_its_own_error(started, temporary, method, kind, words):
    job = started(method)
    assert job.wait() == "failed"
    assert type(job.error) is kind
    assert words in job.reason["what"]
    assert list(temporary.iterdir()) == []
    with pytest.raises(kind):
        job.publish(temporary / "out")


@pytest.mark.slow
def test_a_failure_leaves_its_record_where_the_result_was_ordered(started, tmp_path, temporary):
    job = started("fails", output=tmp_path / "out")
    assert job.wait() == "failed"
    assert type(job.error) is MethodFailed
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["result.json"]
    assert ResultRecord.read(tmp_path / "out").reason.what == "the overlap fell to 3 %"
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_refused_input_leaves_nothing_where_the_result_was_ordered(started, tmp_path):
    job = started("refuses", output=tmp_path / "out")
    assert job.wait() == "failed"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["missing", "not executable"])
def test_an_interpreter_that_cannot_be_started_is_named(started, temporary, tmp_path, what):
    python = tmp_path / "python"
    if what != "missing":
        python.write_text("no program")
    job = started(python=str(python))
    assert job.state == "failed"
    assert "could not start" in job.reason["what"]
    assert job.reason["where"] == str(python)
    assert job.poll() == ()
    assert list(temporary.iterdir()) == []


@posix
def test_an_interpreter_that_is_no_python_is_named_with_its_last_words(started, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho I am no Python >&2\nexit 7\n")
    python.chmod(0o755)
    job = started(python=str(python))
    assert job.wait(20) == "crashed"
    assert "could not start: it ended with status 7" in job.reason["what"]
    assert job.last_words == "I am no Python"


def test_a_python_without_torch_is_told_what_to_install(started, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('no', name='torch')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    from RegSuite.backend import start

    monkeypatch.setattr(start, "WORKER", "RegSuite.backend.worker")
    job = started("rigid")
    assert job.wait(20) == "failed"
    assert "torch is not installed" in job.reason["what"]
    assert job.reason["where"] == sys.executable
    assert "pip install torch" in job.reason["mend"]


@pytest.mark.slow
def test_a_result_that_cannot_be_put_in_its_place_can_be_put_elsewhere(
    started, tmp_path, temporary, monkeypatch
):
    job = started("shift", output=tmp_path / "out")
    (tmp_path / "out").write_text("in the way, meanwhile")
    assert job.wait() == "failed"
    assert type(job.error) is OutputError
    job.publish(tmp_path / "other")
    assert ResultRecord.read(tmp_path / "other").status == "completed"
    job.close()
    assert list(temporary.iterdir()) == []


@posix
@pytest.mark.slow
def test_a_full_temporary_disk_is_said_to_be_full_and_nothing_is_left(started, tmp_path):
    disk = tmp_path / "disk"
    full_disk(disk)
    try:
        job = started("shift", temporary=disk)  # its inputs fit, its result does not
        assert job.wait() == "failed", (job.state, job.reason, job.last_words)
        assert type(job.error) is DiskFull
        (disk / "more").write_bytes(b"0" * 180_000)
        job = started("shift", temporary=disk)
        assert (job.state, type(job.error)) == ("failed", DiskFull)
        assert [p.name for p in disk.iterdir()] == ["more"]
    finally:
        time.sleep(0.1)
        subprocess.run(["umount", str(disk)], check=True)


@posix
@pytest.mark.parametrize("method", ["slow", pytest.param("silent", marks=pytest.mark.slow)])
def test_a_worker_whose_parent_is_killed_ends_and_removes_the_folder(temporary, tmp_path, method):
    files = {role: str(path) for role, path in write_pair(tmp_path).items() if role in ("fixed", "moving")}
    code = (
        "import sys, time\n"
        "from RegSuite.backend import start\n"
        "start.WORKER = 'Testing.backend.worker_with_methods'\n"
        "from RegSuite.backend.job import submit\n"
        f"job = submit('register', {files!r},\n"
        f"             {{'method': {method!r}}}, temporary={str(temporary)!r})\n"
        "while job.stage not in ('waiting', 'computing'):\n"
        "    job.poll(); time.sleep(0.05)\n"
        "print(job.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    number = int(parent.stdout.readline())
    assert lives(number)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert until(lambda: not lives(number), 5)
    assert list(temporary.iterdir()) == []


@posix
def test_a_script_that_ends_without_a_word_leaves_no_worker_and_no_folder(temporary, tmp_path):
    files = {role: str(path) for role, path in write_pair(tmp_path).items() if role in ("fixed", "moving")}
    code = (
        "from RegSuite.backend.job import submit\n"
        f"job = submit('register', {files!r},\n"
        f"             temporary={str(temporary)!r})\n"
        "print(job.pid)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert not lives(int(done.stdout))
    assert done.stderr == ""
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_worker_that_has_finished_and_does_not_leave_is_ended(started, monkeypatch):
    monkeypatch.setattr(running, "_LEAVE_S", 0.0)
    job = started("shift")
    assert job.wait() == "completed"
    assert not lives(job.pid)
