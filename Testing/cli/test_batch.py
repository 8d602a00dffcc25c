"""`regsuite batch` as a user runs it: real workers, statuses, summaries, and what is left on disk."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from pathlib import Path

import pytest

from RegSuite import phantom
from Testing.backend.conftest import until
from Testing.cli.command import regsuite, started
from Testing.workflows.small import write, write_pair

LOCAL = "Testing.backend.command_with_methods"
QUICK = ("--no-report", "--no-scene")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_pair(tmp_path_factory.mktemp("pair"))


def manifest(folder: Path, lines: list[str], header: str = "fixed,moving,method,name") -> Path:
    path = folder / "manifest.csv"
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def pair_of(files) -> str:
    return f"{files['fixed']},{files['moving']}"


@pytest.mark.slow
def test_rows_that_fail_or_crash_do_not_stop_the_others(files, tmp_path):
    lines = [f"{pair_of(files)},{method},{method}" for method in ("fails", "leaves", "shift")]
    table = manifest(tmp_path, lines)
    out = tmp_path / "out"
    done = regsuite("batch", table, "-o", out, "--workers", 2, *QUICK, "--json", module=LOCAL)
    assert done.returncode == 1
    content = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert content == json.loads((out / "summary.json").read_text())
    assert {row["name"]: row["status"] for row in content["rows"]} == {
        "fails": "failed",
        "leaves": "crashed",
        "shift": "completed",
    }
    assert "3/3" in done.stderr
    assert "the overlap fell to 3 %" in done.stderr
    assert "2 of 3 rows have no result" in done.stderr
    assert sorted(p.name for p in out.iterdir()) == [
        "fails", "shift", "summary.csv", "summary.html", "summary.json",
    ]  # fmt: skip
    assert [p.name for p in (out / "fails").iterdir()] == ["result.json"]
    assert json.loads((out / "shift" / "result.json").read_text())["method"] == "shift"


def test_a_manifest_with_a_mistake_leaves_status_2_and_nothing(files, tmp_path):
    table = manifest(tmp_path, [f"{pair_of(files)},shift,a", f"{files['fixed']},nowhere.nii,shift,b"])
    done = regsuite("batch", table, "-o", tmp_path / "out", module=LOCAL)
    assert done.returncode == 2
    assert "line 3, column moving" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_ctrl_c_leaves_status_130_the_rows_that_were_done_and_no_worker(files, tmp_path):
    lines = [f"{pair_of(files)},{method},{method}" for method in ("fails", "slow", "shift")]
    out = tmp_path / "out"
    process = started("batch", manifest(tmp_path, lines), "-o", out, *QUICK, module=LOCAL)
    assert process.stderr is not None
    for line in process.stderr:
        if "slow" in line and "waiting" in line:
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 130
    assert "cancelled: 2 of 3 rows were not finished; pass --resume" in process.stderr.read()
    process.stderr.close()
    process.stdout.close()
    rows = json.loads((out / "summary.json").read_text())["rows"]
    assert [row["status"] for row in rows] == ["failed", "cancelled", "not run"]
    assert until(lambda: not any(p.name.startswith("regsuite-job") for p in out.iterdir()), 2)
    assert not (out / "slow").exists()


@pytest.mark.slow
def test_ten_phantoms_give_one_summary_and_a_resumed_batch_runs_what_has_changed(tmp_path):
    lines = []
    for seed in range(10):
        made = phantom("brain", spacing_mm=8.0, seed=seed)
        folder = tmp_path / f"subject{seed:02d}"
        folder.mkdir()
        for role in ("fixed", "moving", "fixed_labels", "moving_labels"):
            write(getattr(made, role), folder / f"{role}.nii.gz")
        roles = ("fixed", "moving", "fixed_labels", "moving_labels")
        lines.append(",".join(f"{folder.name}/{role}.nii.gz" for role in roles))
    table = manifest(tmp_path, lines, "fixed,moving,fixed_labels,moving_labels")
    words = ("batch", table, "-o", tmp_path / "out", "--workers", 2, "--method", "affine", "--no-scene")

    done = regsuite(*words)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "summary.csv").open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    names = [f"subject{seed:02d}_moving_to_fixed" for seed in range(10)]
    assert list(rows) == names
    assert all(row["status"] == "completed" and float(row["dice_mean"]) > 0.5 for row in rows.values())
    assert all((tmp_path / "out" / name / "report.html").exists() for name in names)
    found = json.loads((tmp_path / "out" / "summary.json").read_text())["statistics"]["dice_mean"]
    dices = sorted(float(row["dice_mean"]) for row in rows.values())
    assert (found["min"], found["max"], found["n"]) == (dices[0], dices[-1], 10)
    assert found["median"] == pytest.approx((dices[4] + dices[5]) / 2)

    refused = regsuite(*words)
    assert refused.returncode == 2
    assert "--resume" in refused.stderr

    times = {name: (tmp_path / "out" / name / "result.json").stat().st_mtime_ns for name in names}
    shutil.copy(tmp_path / "subject03" / "moving.nii.gz", tmp_path / "subject02" / "moving.nii.gz")
    (tmp_path / "out" / names[5] / "warped.nii.gz").unlink()
    lines[7] += ",rigid"
    table = manifest(tmp_path, lines, "fixed,moving,fixed_labels,moving_labels,method")
    done = regsuite(*words, "--resume")
    assert done.returncode == 0, done.stderr
    anew = {
        name for name in names if (tmp_path / "out" / name / "result.json").stat().st_mtime_ns != times[name]
    }
    assert anew == {names[2], names[5], names[7]}
    assert done.stderr.count(": kept") == 7
    assert (tmp_path / "out" / names[5] / "warped.nii.gz").exists()
