"""`regsuite dvh`: files, columns, fields of result.json, and words for what cannot be."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from RegSuite.io.images import read_image


@pytest.fixture
def a_plan(tmp_path):
    """A dose of 10 Gy + 1 Gy a mm along x on 2 mm voxels, and labels of two boxes with names."""
    values = np.broadcast_to(10 + 2.0 * np.arange(20, dtype=np.float32), (16, 18, 20))
    dose = sitk.GetImageFromArray(np.ascontiguousarray(values))
    labels = np.zeros((16, 18, 20), np.uint8)
    labels[4:12, 4:14, 5:15] = 1
    labels[2:4, 2:4, 2:4] = 2
    drawn = sitk.GetImageFromArray(labels)
    for image in (dose, drawn):
        image.SetSpacing((2.0, 2.0, 2.0))
    sitk.WriteImage(dose, tmp_path / "dose.nrrd")
    sitk.WriteImage(drawn, tmp_path / "organs.nrrd")
    (tmp_path / "organs.csv").write_text("label,name\n1,Liver\n2,Cord\n")
    return tmp_path


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_dvh_writes_what_the_contract_says(run, a_plan):
    ended = run(
        "dvh", "--dose", a_plan / "dose.nrrd", "--structures", a_plan / "organs.nrrd", "-o", a_plan / "out",
        "--metric", "V30Gy", "--metric", "D2cc", "--metric", "EQD2(mean)", "--fractions", 10,
        "--alpha-beta", 3, "--alpha-beta", "Cord=2", "--bin-width-gy", 0.5, "--json",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["schema"] == "regsuite.result/1"
    assert found["files"] == {"dvh": "dvh.csv", "dvh_metrics": "dvh_metrics.csv", "report": "report.html"}
    stated = found["dose"]
    assert (stated["bin_width_gy"], stated["end_slices"]) == (0.5, "half")
    assert "trilinear" in stated["interpolation"]
    assert stated["outside_the_grid"] == "excluded"
    assert stated["structures"]["Liver"]["covered_percent"] == pytest.approx(100)
    assert stated["structures"]["Liver"]["oversampling"] >= 8
    curve = rows(a_plan / "out" / "dvh.csv")
    assert list(curve[0]) == ["structure", "dose_gy", "volume_percent", "volume_cc"]
    liver = [row for row in curve if row["structure"] == "Liver"]
    assert [float(row["dose_gy"]) for row in liver[:3]] == [0.0, 0.5, 1.0]
    assert float(liver[0]["volume_cc"]) == pytest.approx(8 * 10 * 10 * 0.008, rel=1e-4)
    values = {
        (r["structure"], r["metric"]): (float(r["value"]), r["unit"])
        for r in rows(a_plan / "out" / "dvh_metrics.csv")
    }
    # the liver lies at 19..39 Gy, evenly
    assert values["Liver", "mean"] == (pytest.approx(29, abs=0.01), "Gy")
    assert values["Liver", "D95"] == (pytest.approx(20, abs=0.02), "Gy")
    assert values["Liver", "V30Gy"] == (pytest.approx(45, abs=0.1), "%")
    assert values["Liver", "EQD2(mean)"][0] > 29
    assert ("Cord", "D2cc") not in values, "the cord has 0.064 cc"
    assert {m for s, m in values if s == "Cord"} >= {
        "volume",
        "mean",
        "min",
        "max",
        "D2",
        "D50",
        "D95",
        "D98",
        "D0.03cc",
    }


def test_the_report_shows_curves_metrics_and_doubts_and_needs_nothing_from_outside(run, a_plan):
    run("dvh", "--dose", a_plan / "dose.nrrd", "--structures", a_plan / "organs.nrrd", "-o", a_plan / "out")
    page = (a_plan / "out" / "report.html").read_text()
    assert "Liver" in page
    assert page.count("data:image/png;base64,") == 1
    assert "headline plain" in page, "nothing was judged, so nothing passed"
    assert "http://" not in page
    assert "https://" not in page


def test_a_dose_that_ends_within_a_structure_is_warned_of_with_the_share(run, a_plan):
    dose = sitk.ReadImage(a_plan / "dose.nrrd")[:10]
    sitk.WriteImage(dose, a_plan / "part.nrrd")
    ended = run(
        "dvh",
        "--dose",
        a_plan / "part.nrrd",
        "--structures",
        a_plan / "organs.nrrd",
        "-o",
        a_plan / "out",
        "--json",
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["dose"]["structures"]["Liver"]["covered_percent"] == pytest.approx(50, abs=0.1)
    assert any("does not cover Liver (50 % within)" in sentence for sentence in found["warnings"])
    assert found["metrics"]["dvh"]["Liver"]["max"] <= 29.01


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--metric", "V20"], "'V20' is no metric"),
        (["--metric", "EQD2"], "EQD2 needs the number of fractions"),
        (["--metric", "EQD2", "--fractions", "5"], "needs alpha/beta of 'Liver'"),
        (["--alpha-beta", "Heart=3"], "no structure 'Heart'"),
        (["--alpha-beta", "-3"], "is no alpha/beta"),
        (["--dose-unit", "rad"], "rad"),
        (["--set", "no_such=1"], "no_such"),
        (["--bin-width-gy", "0"], "bin_width_gy"),
        (["--end-slices", "quarter"], "quarter"),
    ],
)
def test_bad_words_leave_status_2_and_no_folder(run, a_plan, words, message):
    ended = run(
        "dvh",
        "--dose",
        a_plan / "dose.nrrd",
        "--structures",
        a_plan / "organs.nrrd",
        "-o",
        a_plan / "out",
        *words,
    )
    assert ended.returncode == 2, ended.stderr
    assert message in ended.stderr
    assert not (a_plan / "out").exists()


def test_gamma_writes_its_image_and_its_rates(run, a_plan):
    dose = sitk.ReadImage(a_plan / "dose.nrrd")
    sitk.WriteImage(dose + 1.0, a_plan / "other.nrrd")
    ended = run(
        "gamma", "--reference", a_plan / "dose.nrrd", "--evaluated", a_plan / "other.nrrd",
        "-o", a_plan / "out",
        "--structures", a_plan / "organs.nrrd", "--percent-of", 50, "--cutoff", 34, "--json",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    stated = found["gamma"]
    assert stated["normalisation_gy"] == 50
    assert stated["percent_is"] == "global"
    assert stated["pass_rate_percent"] == 100
    assert stated["structures"]["Liver"]["pass_rate_percent"] == pytest.approx(100)
    assert stated["structures"]["Liver"]["judged_cc"] == pytest.approx(6.4, rel=0.01)
    assert any("structure 'Cord'" in sentence for sentence in found["warnings"]), "all below the cut-off"
    image = sitk.GetArrayFromImage(sitk.ReadImage(a_plan / "out" / "gamma.nii.gz"))
    # 1 Gy on 1 Gy a mm: gamma = (1 / 1.5) / sqrt(1 + (2 / 1.5)^2)
    assert image[8, 9, 10] == pytest.approx(0.4, abs=1e-3)
    assert image[8, 9, 0] == stated["not_judged_value"] == -1
    assert stated["judged_voxels"] == (image >= 0).sum()


def test_gamma_local_and_bad_words(run, a_plan):
    pair = ("--reference", a_plan / "dose.nrrd", "--evaluated", a_plan / "dose.nrrd")
    ended = run("gamma", *pair, "-o", a_plan / "out", "--local", "--interpolation", "none", "--json")
    assert json.loads(ended.stdout)["gamma"]["percent_is"] == "local"
    ended = run("gamma", *pair, "-o", a_plan / "bad", "--percent-of", "half")
    assert ended.returncode == 2
    assert "give max or a dose in Gy" in ended.stderr
    assert not (a_plan / "bad").exists()


def test_python_gives_what_the_command_writes(a_plan):
    import RegSuite

    image = read_image(a_plan / "dose.nrrd")
    found = RegSuite.dvh(image, a_plan / "organs.nrrd", metric=["V30Gy"])
    assert found.metrics["Liver"]["V30Gy"] == pytest.approx(45, abs=0.1)
    path = found.save(a_plan / "python")
    assert (path / "dvh.csv").exists()
    same = RegSuite.gamma(image, image)
    assert same.pass_rate_percent == 100
    assert (same.save(a_plan / "gamma") / "gamma.nii.gz").exists()
    with pytest.raises(RegSuite.InputError, match="ndarray is no dose"):
        RegSuite.dvh(np.zeros((3, 3, 3)), a_plan / "organs.nrrd")
    labels = RegSuite.dvh(image, read_image(a_plan / "organs.nrrd"), structure_names={1: "Liver"})
    assert set(labels.metrics) == {"Liver", "label 2"}
    assert labels.metrics["Liver"]["mean"] == pytest.approx(found.metrics["Liver"]["mean"])
