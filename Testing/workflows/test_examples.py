"""Each example runs to its end and says what it promises."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from Testing.cli.command import ROOT
from Testing.workflows.small import write_pair

pytestmark = pytest.mark.slow


def example(name, *words):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_images_are_registered(tmp_path):
    pair = write_pair(tmp_path)
    said = example("01_register_two_images.py", pair["fixed"], pair["moving"], tmp_path / "out")
    assert "'after'" in said
    assert (tmp_path / "out" / "report.html").exists()


def test_the_error_against_the_truth_shrinks():
    lines = example("02_measure_against_a_known_truth.py").splitlines()
    before, after = (float(line.split("mean ")[1].split(" mm")[0]) for line in lines[-2:])
    assert after < 0.5 * before


def test_a_template_comes_nearer_to_a_tumours_true_map(tmp_path):
    lines = example("08_tumor.py", tmp_path).splitlines()
    before, after = (
        float(next(line for line in lines if line.startswith(when)).split()[1])
        for when in ("before:", "after:")
    )
    assert after < 0.75 * before
    assert (tmp_path / "result" / "report.html").exists()


def test_a_run_is_stopped_half_way():
    assert example("03_follow_and_cancel.py").splitlines()[-1] == "stopped"


def test_organs_of_a_phantom_come_home(tmp_path):
    said = example("10_organs.py", tmp_path)
    landmarks = next(line for line in said.splitlines() if line.startswith("landmarks:"))
    before, after = (float(word) for word in landmarks.split() if word[0].isdigit())
    assert after < 0.5 * before
    assert (tmp_path / "result" / "report.html").exists()
