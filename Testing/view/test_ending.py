"""How it ends, and how it refuses to start."""

from __future__ import annotations

import json
import os
import shutil
import socket

import pytest

from Testing.cli.command import regsuite
from Testing.view.viewing import start


@pytest.mark.slicer
def test_ctrl_c_leaves_no_process_and_no_file(viewing):
    assert viewing.interrupt() in (0, 130)
    with pytest.raises(ProcessLookupError):  # nobody of its session lives
        os.killpg(viewing.process.pid, 0)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", viewing.port)) != 0
    assert list((viewing.log.parent / "temporary").iterdir()) == []
    assert "Traceback" not in viewing.log.read_text(encoding="utf-8")


@pytest.mark.slicer
def test_it_takes_the_port_it_is_given_and_says_when_that_is_taken(a_result, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    viewing = start(a_result, tmp_path, "--port", str(port))
    try:
        assert viewing.port == port
        second = regsuite("view", a_result, "--no-browser", "--port", port, timeout=120)
    finally:
        viewing.interrupt()
    assert second.returncode == 2
    assert f"port {port}" in second.stderr
    assert "mend" in second.stderr


@pytest.mark.slicer
def test_a_broken_scene_is_named(a_result, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(a_result, folder)
    (folder / "scene.mrb").write_bytes(b"no scene")
    done = regsuite("view", folder, "--no-browser", timeout=120)
    assert done.returncode == 2
    assert "scene.mrb" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slicer
def test_a_failed_run_and_a_folder_without_result_are_refused_with_words(a_result, tmp_path):
    record = json.loads((a_result / "result.json").read_text(encoding="utf-8"))
    record |= {"status": "failed", "reason": {"what": "no overlap"}}
    failed = tmp_path / "failed"
    failed.mkdir()
    (failed / "result.json").write_text(json.dumps(record), encoding="utf-8")
    for folder, words in ((failed, "this run failed"), (tmp_path, "no result can be read")):
        done = regsuite("view", folder, "--no-browser", timeout=60)
        assert done.returncode == 2, done.stderr
        assert words in done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize("python", ["/no/such/python", "not a program"])
def test_without_its_environment_the_words_say_how_to_get_it(tmp_path, python):
    named = tmp_path / "python"
    if not python.startswith("/"):
        named.write_text(python, encoding="utf-8")
    done = regsuite("view", tmp_path, env={"REGSUITE_VIEW_PYTHON": str(named)})
    assert done.returncode == 2
    assert "make .venv-view" in done.stderr
    assert str(named) in done.stderr
    assert done.stdout == ""


def test_a_python_without_trame_slicer_is_named_with_what_it_lacks(tmp_path):
    import sys

    done = regsuite("view", tmp_path, env={"REGSUITE_VIEW_PYTHON": sys.executable})
    assert done.returncode == 2
    assert "trame_slicer" in done.stderr
    assert "trame-slicer[standalone]" in done.stderr
