"""The page of organs brought onto each other: its first words, tiles, tables and the page as a whole."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.quality import default_limits, judge
from RegSuite.report import draw, organs_charts, organs_pictures, organs_strip
from RegSuite.report.organs_bodies import Bodies
from RegSuite.report.organs_content import OrganLandmarks, OrganShown, SurfaceGap
from RegSuite.report.organs_headline import organs_headline
from RegSuite.report.organs_measures import OrgansMeasures
from RegSuite.report.organs_page import organs_page, write_organs_page
from RegSuite.report.organs_tables import (
    border_rows,
    coherence_table,
    elasticity_sources,
    organ_rows,
    transition_table,
)
from RegSuite.report.organs_tiles import organs_tiles
from RegSuite.report.result import Result
from Testing.report.organs_sample import ORGANS, record, sample


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    """A tenth of the pixels: the words are judged here."""
    monkeypatch.setattr(organs_strip, "FINER", 0.5)
    monkeypatch.setattr(draw, "DPI", 40)


def said(found, result=None):
    return organs_headline(found, OrgansMeasures(found), result or record())


def tiles(found, result=None):
    return {t.name: t for t in organs_tiles(found, OrgansMeasures(found), result or record())}


def with_organ(found, place, **changes):
    organs = list(found.organs)
    organs[place] = dataclasses.replace(organs[place], **changes)
    return dataclasses.replace(found, organs=tuple(organs))


def with_jacobian(found, value, where):
    """J is `value` where `where`(labels) holds, else 1."""
    labels = found.target_labels.data[0].numpy()
    values = np.where(where(labels), value, 1.0).astype(np.float32)
    image = Image(torch.as_tensor(values)[None], found.target_labels.grid)
    return dataclasses.replace(found, jacobian=image)


def beside(labels):
    """Organ voxels with a neighbour of another label."""
    wide = np.pad(labels, 1, mode="edge")
    middle = wide[1:-1, 1:-1, 1:-1]
    out = np.zeros(labels.shape, bool)
    for axis in range(3):
        for step in (-1, 1):
            out |= (np.roll(wide, step, axis)[1:-1, 1:-1, 1:-1] != middle) & (middle > 0)
    return out


def test_measured_landmarks_within_the_limit_and_no_doubts_are_the_only_green_headline():
    found = said(sample())
    assert found.tone == "pass"
    assert found.title == "The organs were brought to the target"
    assert "10 landmarks that the registration did not see went from" in found.sentence
    assert "The surfaces were" in found.sentence


def test_without_landmarks_surfaces_that_meet_are_not_called_accurate():
    bare = record({"tre_mm": None}, verdicts=[])
    found = said(sample(landmarks=None), bare)
    assert found.tone == "unsure"
    assert found.title == "The organs' surfaces meet; accuracy was not measured"
    assert "a surface can slide along itself" in found.sentence
    assert tiles(sample(landmarks=None), bare)["Landmark error"].value == "not measured"


def test_landmarks_without_a_limit_are_not_green():
    assert said(sample(), record(verdicts=[])).tone == "unsure"
    assert "No limit was set" in said(sample(), record(verdicts=[])).sentence


def test_landmarks_over_the_limit_fail():
    metrics = {"tre_mm": {"mean": 6.0, "sd": 1.0, "p95": 8.0, "max": 9.0, "n": 10}}
    found = said(sample(), record(metrics))
    assert found.tone == "fail"
    assert "6 mm" in found.sentence


def test_an_organ_that_was_not_reached_is_the_headline_by_name():
    found = sample(missed=("left kidney",))
    assert said(found).tone == "fail"
    assert said(found).title == "1 of 5 organs was not reached: left kidney"
    assert tiles(found)["Worst organ"].tone == "fail"
    assert tiles(found)["Worst organ"].below.startswith("left kidney")


def test_clouds_without_partners_fail_before_anything_else_but_folds():
    found = sample(outlier_probability=np.full(750, 0.7))
    assert said(found).title.startswith("Most points found no partner")
    assert tiles(found)["Matched"].value == "30 %"
    assert tiles(found)["Matched"].tone == "fail"
    some = sample(outlier_probability=np.full(750, 0.3))
    assert said(some).tone == "unsure"
    assert "30 % of the target's points found no partner" in said(some).sentence


def test_landmarks_farther_apart_than_before_fail_however_well_the_surfaces_meet():
    good = sample()
    away = dataclasses.replace(good.landmarks, moved_mm=good.landmarks.target_mm + 30.0)
    assert said(dataclasses.replace(good, landmarks=away)).title == "Landmarks lie farther apart than before"


def test_an_organ_farther_from_its_target_than_before_fails_by_name():
    found = with_organ(sample(), 2, before=SurfaceGap(1.0, 2.0, 3.0), after=SurfaceGap(1.4, 2.0, 3.0))
    assert said(found).title == "Right kidney lies farther from the target than before"
    assert said(found).tone == "fail"


def test_folds_inside_an_organ_fail_and_jumps_at_a_sliding_border_do_not():
    inside = with_jacobian(sample(), -0.2, lambda v: (v == 1) & ~beside(v))
    assert said(inside).title == "The deformation folds inside organs: do not use it"
    assert tiles(inside)["Folds in organs"].tone == "fail"
    border = with_jacobian(sample(), -0.2, beside)
    metrics = {"jacobian": {"min": -0.2, "max": 1.4, "percent_nonpositive": 2.0, "sd_log": 0.1}}
    judged = record(metrics)
    assert any(v.verdict == "fail" for v in judged.verdicts)
    assert said(border, judged).tone == "pass"
    assert tiles(border, judged)["Folds in organs"].value == "0 %"
    words = OrgansMeasures(border).folds.sentence
    assert words.startswith("No organ is folded inside.")
    assert "where organs slide the displacement jumps" in words
    assert said(inside, judged).tone == "fail"


def test_folds_between_organs_are_said_and_a_failed_limit_on_them_stays():
    between = with_jacobian(sample(), -0.2, lambda v: (v == 0) & (np.arange(v.shape[-1]) < 2))
    metrics = {"jacobian": {"min": -0.2, "max": 1.4, "percent_nonpositive": 2.0, "sd_log": 0.1}}
    assert "between organs are folded" in OrgansMeasures(between).folds.sentence
    assert said(between, record(metrics)).tone == "fail"


def test_without_labels_folds_cannot_be_told_from_jumps_and_the_page_says_so():
    found = with_jacobian(sample(), -0.2, beside)
    bare = dataclasses.replace(found, target_labels=None, before_labels=None, warped_labels=None)
    assert "cannot be told from folds" in OrgansMeasures(bare).folds.sentence
    assert tiles(bare)["Folded voxels"].tone == "fail"


def test_warnings_take_the_green_away():
    found = said(sample(), record(warnings=["labels: gallbladder in the source alone"]))
    assert found.tone == "unsure"
    assert "Mind the 1 warning below" in found.sentence


def test_a_failed_run_says_why():
    reason = {"what": "the target has no points", "where": "target", "mend": "check the labels"}
    found = said(sample(), Result(workflow="organs", status="failed", reason=reason))
    assert found.tone == "fail"
    assert "the target has no points" in found.sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cut_off": ("source",)}, "cut off at the edge of the source"),
        ({"magnitude_mm": 1.0}, "guessed rather than measured"),
    ],
)
def test_what_is_doubtful_of_an_organ_is_said_in_its_row_and_its_row_stands_first(changes, words):
    found = with_organ(sample(), 4, **changes)
    rows = organ_rows(found, OrgansMeasures(found), record())
    assert rows[0].name == "bladder"
    assert words in rows[0].doubt
    assert said(found).tone == "unsure"
    assert words in said(found).sentence


def test_organs_that_are_mixed_up_make_the_headline_red_however_well_they_fit():
    mixed = record()
    mixed = mixed.model_copy(
        update={"metrics": {**mixed.metrics, "other_way_round": ["left and right kidney"]}}
    )
    found = said(sample(), mixed)
    assert found.tone == "fail"
    assert "left and right kidney" in found.title


def test_an_organ_that_was_free_to_go_anywhere_is_measured_not_guessed():
    found = with_organ(sample(), 4, magnitude_mm=1.0, bandwidth_mm=30.0, wider=((200.0, 500.0),))
    row = next(r for r in organ_rows(found, OrgansMeasures(found), record()) if r.name == "bladder")
    assert "guessed" not in row.doubt
    assert "1 / 30 + 200 / 500" in row.prior


def test_an_organ_on_one_side_alone_is_named_with_its_side():
    good = sample()
    keep = np.asarray(good.target_organs) != 1
    found = dataclasses.replace(
        with_organ(good, 1, before=None, after=None),
        target_mm=good.target_mm[keep],
        target_organs=good.target_organs[keep],
        outlier_probability=good.outlier_probability[keep],
        residual_mm=np.where(np.asarray(good.source_organs) == 1, np.nan, good.residual_mm),
    )
    (row,) = [r for r in organ_rows(found, OrgansMeasures(found), record()) if r.name == "spleen"]
    assert row.doubt == "only in the source: its motion is a guess"
    assert (row.before, row.after, row.residual) == ("–", "–", "–")
    assert row.points == "150 → 0"
    assert said(found).tone == "unsure"


def test_rows_hold_what_was_measured():
    found = sample()
    measures = OrgansMeasures(found)
    (row,) = [r for r in organ_rows(found, measures, record()) if r.name == "liver"]
    own = np.asarray(found.source_organs) == 0
    assert row.residual == f"{found.residual_mm[own].mean():.2f}"
    marks = found.landmarks.after_mm[np.asarray(found.landmarks.organs) == 0]
    assert row.landmarks == f"{marks.mean():.2f} (2)"
    assert row.dice == "0.930"
    assert row.prior == "10 / 30"
    assert row.doubt == ""


def test_matrices_are_said_in_words_where_words_do_and_else_shown_target_by_source():
    found = sample()
    assert "independently" in coherence_table(found).sentence
    assert "trusted" in transition_table(found).sentence
    assert "as one" in coherence_table(dataclasses.replace(found, coherence=np.ones((5, 5)))).sentence
    mixed = np.eye(5)
    mixed[:2, 0] = 0.9, 0.1  # a point of the liver is called spleen in the target once in ten
    table = transition_table(dataclasses.replace(found, transition=mixed))
    assert table.names[:2] == ("liver", "spleen")
    assert [row[0].text for row in table.rows] == ["90", "10", "0", "0", "0"]
    assert [cell.text for cell in table.rows[0]] == ["90", "0", "0", "0", "0"]


def points(**changes):
    """One cloud without labels."""
    full = sample(images=False)
    gap = SurfaceGap(0.9, 2.0, 3.0)
    one = OrganShown(0, "points", None, 10.0, 30.0, None, "", SurfaceGap(6.0, 9.0, 12.0), gap)
    zeros = np.zeros(750, int)
    values = {
        "organs": (one,),
        "source_organs": zeros,
        "target_organs": zeros,
        "coherence": None,
        "transition": None,
        "landmarks": dataclasses.replace(full.landmarks, organs=None),
    }
    return dataclasses.replace(full, **(values | changes))


def test_plain_points_are_not_called_organs():
    html = organs_page(points(), record({"dice": None, "dice_mean": None}, workflow="points"))
    text = re.sub(r"data:[^\"]+", "", html)
    assert "The points were brought to the target" in text
    assert "Organ by organ" not in text
    assert 'class="chips"' not in text
    assert "Clouds apart" in text
    assert coherence_table(points()) is None


def test_landmarks_of_plain_points_all_count_and_a_numbered_one_is_called_landmark():
    names = tuple(map(str, range(10)))
    marks = dataclasses.replace(points().landmarks, names=names)
    found = points(landmarks=marks)
    (row,) = organ_rows(found, OrgansMeasures(found), record())
    assert row.landmarks == f"{marks.after_mm.mean():.2f} (10)"
    assert tiles(found)["Landmark error"].below.endswith(f"landmark {marks.after_mm.argmax()}")


def test_the_error_through_the_field_is_said_where_it_is_another():
    metrics = {"tre_mm": {"mean": 2.4, "sd": 1.0, "p95": 3.0, "max": 4.0, "n": 10}}
    assert (
        "Through the volume's own field, target to source, they are 2.4 mm off"
        in said(sample(), record(metrics)).sentence
    )
    same = float(sample().landmarks.after_mm.mean())
    assert "own field" not in said(sample(), record({"tre_mm": {"mean": same}})).sentence


def test_sliding_borders_are_listed_the_farthest_first_and_unknown_jumps_stay_unknown():
    keys = ("sliding_mm", "sliding_p95_mm", "opening_mm", "closing_mm")
    first = {"organs": ["liver", "spleen"], **dict(zip(keys, (1.25, 2.0, 0.0, 3.0), strict=True))}
    second = {"organs": ["liver", "right kidney"], "sliding_mm": 12.0, "opening_mm": None}
    rows = border_rows(record({"borders": [first, second]}))
    assert rows[0] == ("liver / right kidney", "12.0", "–", "–", "–")
    assert rows[1] == ("liver / spleen", "1.2", "2.0", "0.00", "3.0")
    assert border_rows(record()) == []


def test_where_elasticity_comes_from_is_said_once():
    found = with_organ(with_organ(sample(), 0, source="Marsh 2013"), 2, source="Marsh 2013")
    assert elasticity_sources(found) == ["liver, right kidney: Marsh 2013"]


def test_sparse_points_as_far_apart_as_their_own_spacing_count_as_reached():
    wide = 40.0 * np.random.default_rng(0).standard_normal((750, 3))
    one = OrganShown(0, "points", before=SurfaceGap(9.0, 9.0, 9.0), after=SurfaceGap(6.0, 9.0, 12.0))
    found = points(organs=(one,), target_mm=wide)
    (fact,) = OrgansMeasures(found).organs
    assert fact.spacing_mm > 4.0
    assert not fact.missed
    (near,) = OrgansMeasures(points(organs=(one,))).organs
    assert near.spacing_mm * 1.5 < 6.0 or not near.missed


@pytest.mark.parametrize("kind", ["volume", "flat"])
def test_the_page_is_one_light_file_that_says_all_without_scripts(kind, tmp_path):
    command = "regsuite organs <a> b -o out"
    if kind == "flat":
        found = sample(60, 2, command=command)
    else:
        found = with_organ(sample(command=command), 0, name="<liver>", before=None, after=None)
    file = tmp_path / "report.html"
    write_organs_page(file, found, record(warnings=["label 9 <unnamed> was left out"]))
    html = file.read_text(encoding="utf-8")
    assert file.stat().st_size < 1.5e6
    assert not re.search(r"(src|href)=[\"'](?!data:)", html)
    assert "http" not in re.sub(r"data:image/[a-z]+;base64,[^\"]+", "", html)
    bare = re.sub(r"<script.*?</script>", "", html, flags=re.S)
    assert "label 9 &lt;unnamed&gt; was left out" in bare
    assert "regsuite organs &lt;a&gt; b -o out" in bare
    assert "<liver>" not in bare
    assert "Where the surfaces do not meet" in bare
    assert "How sure each point is" in bare
    assert ("How sure the field is" in bare) == (kind == "volume")
    assert ('data-tab="warped"' in bare) == (kind == "volume")
    assert 'data-tab="organs"' in bare


def test_a_transform_that_states_no_uncertainty_shows_none():
    found = sample(images=False, sd_mm=None)
    marks = dataclasses.replace(found.landmarks, sd_mm=None)
    found = dataclasses.replace(found, landmarks=marks, sigma_mm=())
    assert tiles(found)["Uncertainty"].value == "not known"
    assert "Uncertainty holds" not in tiles(found)
    assert organs_pictures.coloured(found, Bodies(found), "sd_mm") is None
    assert organs_charts.convergence(found.sigma_mm, ()) is None
    assert organs_charts.stated(marks, 2.8) is None


def test_nothing_is_made_up_where_all_is_unknown_and_the_callers_arrays_stay():
    nan = np.full(750, np.nan)
    found = sample(images=False, residual_mm=nan, sd_mm=nan)
    given = {n: np.copy(getattr(found, n)) for n in ("source_mm", "moved_mm", "target_mm", "residual_mm")}
    rows = organ_rows(found, OrgansMeasures(found), record())
    assert {r.residual for r in rows} == {"–"}
    assert {r.sd for r in rows} == {"–"}
    assert said(found).tone == "fail"  # nothing found a partner
    html = organs_page(found, record())
    assert "Where the surfaces do not meet" not in html
    assert ">nan" not in re.sub(r"data:[^\"]+", "", html)
    assert all(np.array_equal(v, getattr(found, n), equal_nan=True) for n, v in given.items())


def test_dice_is_said_to_be_no_test_of_accuracy():
    assert "no test of accuracy" in tiles(sample())["Dice"].below
    assert re.match(r"0\.\d\d → 0\.93", tiles(sample())["Dice"].value)


def test_parts_that_do_not_fit_are_refused_by_name():
    with pytest.raises(GeometryError, match="residual_mm has 3 entries for 750 source points"):
        sample(images=False, residual_mm=np.zeros(3))
    with pytest.raises(GeometryError, match="target_organs points beyond the 5 organs"):
        sample(images=False, target_organs=np.full(750, 5))
    with pytest.raises(GeometryError, match=r"transition is \(4, 4\), not of 5 organs"):
        sample(images=False, transition=np.eye(4))
    other = Image(torch.zeros(1, 4, 4, 4), Grid.make((4, 4, 4)))
    with pytest.raises(GeometryError, match="warped of shape"):
        sample(warped=other)
    with pytest.raises(GeometryError, match="sd_mm has 2 entries for 1 landmarks"):
        OrganLandmarks(("a",), np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(2))


def test_limits_of_the_sample_are_those_of_the_default_file():
    assert judge(record().metrics, default_limits(), 3.0) == record().verdicts
    assert set(ORGANS) == {o.name for o in sample(images=False).organs}
