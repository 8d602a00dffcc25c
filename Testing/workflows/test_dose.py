"""Accumulating a course: against the truth of a phantom, by every mapping, to the last bit."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.dose.region import region_of
from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.voxel_volumes import voxel_volumes_cc
from RegSuite.errors import Cancelled
from RegSuite.geometry import Grid, Image
from RegSuite.transforms import AffineTransform
from RegSuite.workflows.dose import dose
from RegSuite.workflows.dose_grid import accumulation_grid
from Testing.dose.bodies import contours
from Testing.workflows.small import oblique
from Testing.workflows.small_course import COUNTS, NAMES, a_course, given, structures, truth


def values(image):
    return image.data[0].numpy()


@pytest.fixture(scope="module")
def with_truth():
    """The course with its true transforms, EQD2 and a comparison of the mappings."""
    eqd2 = {"alpha_beta_gy": {"default": 3, "GTV": 10}}
    return dose(given(eqd2=eqd2, metrics=["V8Gy", "EQD2(D2cc)"]), threads=2)


@pytest.fixture
def calibrated(monkeypatch):
    """A calibration that leaves the SD of `laplace` as it is, whatever is shipped."""
    found = Calibration("nothing: a test", scale=0.5)
    monkeypatch.setattr("RegSuite.dose.uncertainty.shipped.shipped_calibration", lambda source: found)


def test_true_transforms_accumulate_the_true_dose(with_truth):
    error = np.abs(values(with_truth.dose) - truth())
    assert with_truth.grid == a_course().planning.grid
    # what is left is the doses' own grid: 3 mm, trilinear, in a penumbra of some millimetres
    assert np.nanmax(error) < 0.03 * truth().max()
    assert np.nanmean(error) < 0.001 * truth().max()


def test_a_registered_course_lies_nearer_to_the_truth_than_one_without_registration():
    found = dose(given(true=False, registration={"method": "deformable"}), compare=False, threads=2)
    unmoved = given()
    for fraction in unmoved["fractions"]:
        fraction["transform"] = AffineTransform(np.eye(3), np.zeros(3))
    still = dose(unmoved, compare=False, threads=2)
    errors = [np.sqrt(np.mean((values(r.dose) - truth()) ** 2)) for r in (found, still)]
    assert errors[0] < 0.6 * errors[1]
    quality = found.fractions[0].quality
    assert quality["registered"] == "deformable"
    assert quality["similarity"]["after"] > quality["similarity"]["before"]


def test_the_sum_weighs_nothing_twice_and_forms_eqd2_per_fraction_and_voxel(with_truth):
    parts = [values(f.dose).astype(np.float64) for f in with_truth.fractions]
    assert np.allclose(values(with_truth.dose), sum(parts), atol=1e-5)
    for alpha_beta in (3.0, 10.0):
        wanted = sum(
            d * (1 + d / n / alpha_beta) / (1 + 2 / alpha_beta) for d, n in zip(parts, COUNTS, strict=True)
        )
        assert np.allclose(values(with_truth.eqd2[alpha_beta]), wanted, atol=1e-4)
    cord, tumour = (with_truth.metrics["dvh"][name]["EQD2"] for name in ("SpinalCord", "GTV"))
    assert cord < with_truth.metrics["dvh"]["SpinalCord"]["mean"]  # 2 Gy at most a fraction, alpha/beta 3
    assert tumour == pytest.approx(with_truth.curve("GTV", "eqd2").dose_gy @ _share(with_truth), rel=0.01)


def _share(result):
    curve = result.curve("GTV", "eqd2")
    return -np.diff(curve.volume_percent, append=0.0) / 100


def test_metrics_are_those_of_the_true_dose_and_the_map_says_what_dvh_finds_in_it(with_truth, tmp_path):
    import RegSuite

    exact = {s.name: _exact(s) for s in structures()}
    for name, (mean, d95) in exact.items():
        found = with_truth.metrics["dvh"][name]
        assert found["mean"] == pytest.approx(mean, abs=0.02)
        assert found["D95"] == pytest.approx(d95, abs=0.06)

    with_truth.save(tmp_path / "out", report=False)
    again = RegSuite.dvh(str(tmp_path / "out" / "accumulated_dose.nii.gz"), structures())
    for name in NAMES:
        of_map = with_truth.record.dose["structures"][name]["of_map"]
        for metric in ("mean", "D95", "D2"):
            assert of_map[metric] == pytest.approx(again.metrics[name][metric], rel=1e-4, abs=1e-4)


def _exact(structure):
    """Mean and D95 of the true dose in a structure, at the centres of its 1 mm voxels."""
    points = structure.points
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.ceil(high - low).astype(int) + 1
    fine = Grid.make(size.tolist(), 1.0, low.tolist())
    inside = voxel_volumes_cc(region_of(structure, fine), fine)
    dose_gy = a_course().dose_at(fine.all_points()[inside > 0])
    volume = inside[inside > 0]
    order = np.argsort(-dose_gy)
    above = np.cumsum(volume[order])
    return np.average(dose_gy, weights=volume), float(np.interp(0.95 * above[-1], above, dose_gy[order]))


def test_the_two_mappings_are_compared_by_gamma(with_truth):
    found = with_truth.comparison
    assert (found.asked, found.other) == ("ddm", "emt")
    assert 90 < found.pass_rate_percent <= 100
    assert abs(found.structures["GTV"]["mean_difference_gy"]) < 0.02 * truth().max()
    assert np.nanmax(np.abs(values(found.difference_gy))) > 0.01  # they do differ, and it is told
    assert found.figures["max_gy"] == pytest.approx(np.nanmax(np.abs(values(found.difference_gy))))
    assert any("differ by" in note and "mm LPS" in note for note in with_truth.notes)


def test_energy_mass_transfer_gives_what_the_comparison_said_and_accounts_for_its_energy(with_truth):
    found = dose(given(mapping="emt", density_table="default"), compare=False, threads=2)
    difference = values(found.dose) - values(with_truth.dose)
    assert np.allclose(difference, values(with_truth.comparison.difference_gy), atol=1e-4, equal_nan=True)
    energy = found.fractions[0].energy
    parts = energy["arrived_mj"] + energy["marked_mj"] + energy["left_mj"] + energy["unknown_mj"]
    assert parts == pytest.approx(energy["fraction_mj"], rel=2e-3)


def test_bands_hold_the_nominal_curve_and_the_result_says_what_they_rest_on(calibrated, tmp_path):
    found = dose(given(uncertainty="laplace"), samples=20, threads=2, compare=False)
    found.save(tmp_path / "out")
    record = json.loads((tmp_path / "out" / "result.json").read_text())
    section = record["dose"]
    assert section["sampling"] == {
        "source": "laplace",
        "samples": 20,
        "correlation": "same",
        "correlation_mm": 30.0,
        "percentiles": [5, 95],
    }
    assert section["calibration"]["measured_on"] == "nothing: a test"
    first = section["fractions"][0]
    assert {"similarity", "jacobian", "marks", "displacement_mm", "uncertainty_mm", "structures"} <= set(
        first
    )
    assert first["fractions"] == COUNTS[0]
    assert (
        record["metrics"]["dvh_bands"]["GTV"]["mean"]["p05"]
        <= record["metrics"]["dvh_bands"]["GTV"]["mean"]["p50"]
    )
    with (tmp_path / "out" / "dvh.csv").open() as stream:
        rows = [r for r in csv.DictReader(stream) if r["structure"] == "SpinalCord"]
    low, middle, high = (
        np.array([float(r[c]) for r in rows])
        for c in ("volume_percent_p05", "volume_percent", "volume_percent_p95")
    )
    assert (low <= high + 1e-9).all()
    assert (high - low).max() > 0.5
    assert ((low - 1 <= middle) & (middle <= high + 1)).mean() > 0.9
    spread = values(found.images["dose_sd"])
    assert np.nanmax(spread) > 0.1
    assert (values(found.images["dose_p05"]) <= values(found.images["dose_p95"]) + 1e-6).all()
    assert {
        f"{n}.nii.gz" for n in ("dose_mean", "dose_sd", "uncertainty_mm_2", "warped_1", "displacement_2")
    } <= {p.name for p in (tmp_path / "out").iterdir()}


def test_the_same_seed_gives_the_same_bits_for_any_threads(calibrated):
    runs = [
        dose(given(names=("GTV",), uncertainty="laplace"), samples=5, compare=False, threads=n, seed=s)
        for n, s in ((1, 4), (2, 4), (2, 5))
    ]
    maps = [values(r.images["dose_sd"]) for r in runs]
    assert np.array_equal(maps[0], maps[1], equal_nan=True)
    assert not np.array_equal(maps[0], maps[2], equal_nan=True)
    assert runs[0].metrics["dvh_bands"] == runs[1].metrics["dvh_bands"]


@pytest.mark.slow
def test_an_ensemble_spreads_where_its_registrations_disagree():
    one = given(true=False, names=("GTV",), registration={"method": "deformable"}, uncertainty="ensemble")
    one["fractions"] = one["fractions"][:1]
    found = dose(one, samples=5, compare=False, threads=2)
    spread = values(found.images["uncertainty_mm_1"])
    assert found.fractions[0].uncertainty.source == "ensemble"
    assert any("ensemble is not calibrated" in w for w in found.warnings)
    assert 0.05 < np.nanmean(spread) < 10


@pytest.mark.slow
def test_the_shipped_network_gives_bands():
    pytest.importorskip("monai", reason="the extra learning is not installed")
    one = given(names=("GTV",), uncertainty="network")
    one["fractions"] = one["fractions"][:1]
    found = dose(one, samples=5, compare=False, threads=2)
    assert found.fractions[0].uncertainty.source == "network"
    assert 0.1 < np.nanmean(values(found.images["uncertainty_mm_1"])) < 10
    assert found.metrics["dvh_bands"]["GTV"]["mean"]["p95"] > 0


def test_what_a_transform_does_not_reach_is_marked_and_never_filled():
    made = a_course()
    field = made.fractions[0].displacement
    half = Image(
        field.data[:, : field.grid.size[2] // 2].clone(),
        Grid(
            (*field.grid.size[:2], field.grid.size[2] // 2),
            field.grid.spacing,
            field.grid.origin,
            field.grid.direction,
        ),
    )
    one = given()
    one["fractions"][0]["transform"] = half
    one["planning"]["structures"] = [contours("sphere", 40.0, 8.0, name="Ball")]
    found = dose(one, compare=False)
    beyond = np.zeros(found.grid.shape, bool)
    beyond[field.grid.size[2] // 2 :] = True
    marks = values(found.marks)
    assert (marks[beyond] & 4 == 4).all()
    assert np.isnan(values(found.dose)[beyond]).all()
    assert not marks[: field.grid.size[2] // 2 - 1].any()
    assert any("day1" in w and "where the deformation is undefined" in w for w in found.warnings)
    assert any("does not cover" in w and "Ball" in w for w in found.warnings)


def test_files_hold_minus_one_where_a_dose_is_not_known(tmp_path):
    one = given(names=("GTV",))
    one["fractions"][0]["transform"] = AffineTransform(np.eye(3), np.array([0.0, 0.0, 120.0]))
    found = dose(one, compare=False)
    found.save(tmp_path / "out", report=False)
    stored = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "accumulated_dose.nii.gz")))
    marks = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "marks.nii.gz")))
    unknown = np.isnan(values(found.dose))
    assert unknown.any()
    assert (stored[unknown] == -1).all()
    assert (stored[~unknown] >= 0).all()
    assert np.array_equal(marks > 0, unknown)
    with (tmp_path / "out" / "marks.csv").open() as stream:
        first = next(csv.DictReader(stream))
    assert int(first["outside"]) == int((marks == 1).sum())


def test_limits_say_not_certain_where_a_band_straddles_them(calibrated, tmp_path):
    found = dose(given(uncertainty="laplace"), samples=20, compare=False, threads=2)
    row = next(r for r in found.rows if (r.structure, r.metric) == ("SpinalCord", "D0.03cc"))
    middle = (row.p05 + row.p95) / 2
    entries = [
        f"{{structure: SpinalCord, metric: D0.03cc, max_gy: {middle}}}",
        "{structure: GTV, metric: D95, min_gy: 1}",
        "{structure: GTV, metric: mean, max_gy: 1}",
        "{structure: Lens, metric: mean, max_gy: 1}",
    ]
    file = tmp_path / "limits.yaml"
    file.write_text("schema: regsuite.limits/1\nname: ours\ndose:\n" + "".join(f"- {e}\n" for e in entries))
    judged = dose(given(uncertainty="laplace", limits=file), samples=20, compare=False, threads=2)
    assert [v.verdict for v in judged.verdicts] == ["not certain", "pass", "fail", "not measured"]
    assert any("Lens" in note for note in judged.notes)


def test_the_grid_has_the_planning_axes_and_the_doses_voxel_but_no_finer_than_the_scan():
    planning = Grid.make((40, 36, 30), (1.0, 1.0, 3.0), (3.0, -5.0, 9.0), oblique(3))
    doses = [Grid.make((9, 9, 9), 2.5), Grid.make((9, 9, 9), (2.0, 3.0, 2.0))]
    found = accumulation_grid(planning, doses)
    assert found.spacing == (2.0, 2.5, 3.0)
    assert found.direction == planning.direction
    assert np.allclose(found.centre, planning.centre)
    assert (np.asarray(found.extent_mm) >= np.asarray(planning.extent_mm) - 1e-6).all()
    assert planning.contains(found.all_points()).all()
    assert accumulation_grid(planning, doses, (4.0, 4.0, 4.0)).spacing == (4.0, 4.0, 4.0)
    assert accumulation_grid(planning, [Grid.make((9, 9, 9), 0.5)]) == planning


def test_a_run_ends_where_its_progress_is_cancelled():
    def stop(fraction, stage, metrics):
        if "map the dose" in stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        dose(given(names=("GTV",)), compare=False, progress=stop)


def test_progress_never_goes_back_and_ends_near_its_end(tmp_path):
    told, one = [], given(names=("GTV",))
    found = dose(one, compare=False, progress=lambda f, s, m: told.append(f))
    found.save(tmp_path / "out", report=False)
    assert told == sorted(told)
    assert told[-1] > 0.9


def test_nothing_that_was_given_is_changed():
    made = a_course()
    before = [torch.clone(f.dose.image.data) for f in made.fractions], made.planning.data.clone()
    dose(given(names=("GTV",)), compare=False)
    assert all(torch.equal(a, f.dose.image.data) for a, f in zip(before[0], made.fractions, strict=True))
    assert torch.equal(before[1], made.planning.data)
