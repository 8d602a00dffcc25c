"""`evaluate`: measures and verdicts on a stored result; result.json stays as it is."""

from __future__ import annotations

import json

import numpy as np
import pytest

import RegSuite
from RegSuite.errors import InputError
from Testing.workflows.small import SHIFT_MM, a_pair, labels_of, landmarks, write_pair

pytestmark = pytest.mark.usefixtures("local_methods")


@pytest.fixture
def a_result(tmp_path):
    """A folder with the true translation, and the files it came from."""
    files = write_pair(tmp_path)
    RegSuite.register(files["fixed"], files["moving"], "shift", shift_mm=SHIFT_MM).save(
        tmp_path / "out", report=False
    )
    return tmp_path / "out", files


def test_what_is_given_is_measured_and_judged_and_nothing_else_is_touched(a_result):
    folder, files = a_result
    before = (folder / "result.json").read_bytes()
    names = {p.name for p in folder.iterdir()}
    given = {role: file for role, file in files.items() if role not in ("fixed", "moving")}
    RegSuite.evaluate(folder, **given).save()
    assert (folder / "result.json").read_bytes() == before
    assert {p.name for p in folder.iterdir()} == names | {"evaluation.json"}
    found = json.loads((folder / "evaluation.json").read_text())
    assert found["schema"] == "regsuite.evaluation/1"
    assert found["metrics"]["tre_mm"]["max"] < 0.01
    assert found["metrics"]["dice_mean"] > 0.85
    assert set(found["metrics"]["dice"]) == {"1", "2"}
    verdicts = {v["measure"]: v["verdict"] for v in found["verdicts"]}
    assert verdicts["tre_mm.mean"] == "pass"
    assert verdicts["inverse_consistency_mm.mean"] == "not measured"
    assert found["inputs"]["fixed_labels"]["sha256"]


def test_the_measures_are_those_of_the_run_itself(tmp_path):
    fixed, moving = a_pair()
    points = landmarks()
    result = RegSuite.register(
        fixed, moving, "shift", shift_mm=SHIFT_MM, fixed_points=points[0], moving_points=points[1],
        fixed_labels=labels_of(fixed), moving_labels=labels_of(moving),
    )  # fmt: skip
    result.save(tmp_path / "out", report=False)
    found = RegSuite.evaluate(
        tmp_path / "out", fixed_labels=labels_of(fixed), moving_labels=labels_of(moving),
        fixed_points=points[0], moving_points=points[1],
    )  # fmt: skip
    for measure in ("dice", "hd95_mm", "msd_mm", "jacobian"):
        assert found.metrics[measure] == pytest.approx(result.metrics[measure], abs=1e-5)


def test_files_of_the_run_are_used_again_unless_they_have_changed(a_result, tmp_path):
    _, files = a_result
    out = tmp_path / "with points"
    RegSuite.register(
        files["fixed"], files["moving"], "shift", shift_mm=SHIFT_MM,
        fixed_points=files["fixed_points"], moving_points=files["moving_points"],
    ).save(out, report=False)  # fmt: skip
    assert "tre_mm" in RegSuite.evaluate(out).metrics
    files["fixed_points"].write_text("x,y,z\n0,0,0\n")
    again = RegSuite.evaluate(out)
    assert "tre_mm" not in again.metrics
    assert any("changed" in sentence for sentence in again.warnings)


def test_an_independent_run_backwards_gives_inverse_consistency(a_result, tmp_path):
    folder, files = a_result
    back = tmp_path / "back"
    away = (np.asarray(SHIFT_MM) * -1 + [0.5, 0.0, 0.0]).tolist()
    RegSuite.register(files["moving"], files["fixed"], "shift", shift_mm=away).save(back, report=False)
    found = RegSuite.evaluate(folder, backward=back)
    assert found.metrics["inverse_consistency_mm"]["mean"] == pytest.approx(0.5, abs=0.01)
    assert any(v.measure == "inverse_consistency_mm.mean" and v.verdict == "pass" for v in found.verdicts)


def test_labels_of_one_side_only_are_warned_of(a_result):
    folder, files = a_result
    found = RegSuite.evaluate(folder, fixed_labels=files["fixed_labels"])
    assert "dice" not in found.metrics
    assert any("labels were given for one image only" in sentence for sentence in found.warnings)


def test_the_clinics_limits_decide(a_result, tmp_path):
    folder, files = a_result
    limits = tmp_path / "limits.yaml"
    limits.write_text(
        "schema: regsuite.limits/1\nname: strict\nsource: us\nlimits:\n  dice_mean: {min: 0.9999}\n"
    )
    found = RegSuite.evaluate(
        folder, fixed_labels=files["fixed_labels"], moving_labels=files["moving_labels"], limits=str(limits)
    )
    assert [(v.measure, v.verdict) for v in found.verdicts] == [("dice_mean", "fail")]
    assert found.limits == "strict"


def test_a_folder_without_a_result_and_a_failed_one_are_refused(tmp_path, a_pair_on_disk):
    with pytest.raises(InputError, match="no result"):
        RegSuite.evaluate(tmp_path)
