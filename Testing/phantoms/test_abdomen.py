"""Two people's abdomen: labels are where the formula says, the map between the organs is exact both ways."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from scipy import ndimage
from scipy.spatial import cKDTree

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.io.simpleitk_bridge import array_to_sitk, image_to_sitk
from RegSuite.phantoms.abdomen import AbdomenPhantom, abdomen_clouds, abdomen_pair
from RegSuite.phantoms.abdomen.organs import LABEL_NAMES, directions, organ_of, surface
from RegSuite.phantoms.abdomen.paint import organ_values
from RegSuite.phantoms.abdomen.vessels import VEINS

TURNED = ((0.8, -0.6, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, 1.0))
EVERY = sorted(LABEL_NAMES)
ML = {1: (900, 2700), 2: (90, 550), 3: (80, 260), 4: (80, 280), 5: (60, 600)}


@pytest.fixture(scope="module")
def oblique() -> AbdomenPhantom:
    return abdomen_pair(3, spacing_mm=(5.0, 5.5, 6.5), direction=TURNED, points_apart_mm=9.0)


COARSE: dict[str, Any] = {"spacing_mm": 9.0, "points_apart_mm": 15.0}


@pytest.fixture(scope="module")
def whole() -> AbdomenPhantom:
    return abdomen_pair(2, **COARSE)


def of_each(image: Image, field: Image, label: int) -> tuple[np.ndarray, np.ndarray]:
    inside = image.data[0].numpy() == label
    points = image.grid.all_points()[inside]
    return points, points + field.data[:, torch.from_numpy(inside)].T.double().numpy()


def test_the_truth_and_its_inverse_undo_each_other_in_every_organ() -> None:
    clouds = abdomen_clouds(5, 60)
    exact = clouds.anatomy
    rng = np.random.default_rng(0)
    for label in EVERY:
        skin = clouds.source.points[clouds.source_true == label]
        middle = exact.source.forward(np.zeros((1, 3)), label)
        inside = middle + rng.uniform(0, 1, (len(skin), 1)) * (skin - middle)
        own = np.full(len(inside), label)
        there = exact.to_target(inside, own)
        np.testing.assert_allclose(exact.to_source(there, own), inside, atol=1e-7)
        assert (exact.target.labels(there) == label).all() == (exact.source.labels(inside) == label).all()
        assert np.linalg.norm(there - inside, axis=1).max() > 5.0


def test_stored_fields_are_the_exact_maps_on_a_grid_of_their_own(oblique: AbdomenPhantom) -> None:
    exact = oblique.clouds.anatomy
    sides = (
        (oblique.target_organs, oblique.displacement, exact.to_source, exact.source),
        (oblique.source_organs, oblique.inverse_displacement, exact.to_target, exact.target),
    )
    for labels, field, carried, other in sides:
        assert field.grid.same_space(labels.grid)
        assert torch.isfinite(field.data).all()
        for label in EVERY:
            points, there = of_each(labels, field, label)
            np.testing.assert_allclose(there, carried(points, np.full(len(points), label)), atol=1e-4)
            assert (other.labels(there) == label).mean() > 0.999


def test_labels_are_where_the_formula_is_negative_and_organs_never_overlap(oblique: AbdomenPhantom) -> None:
    exact = oblique.clouds.anatomy
    for person, image in ((exact.source, oblique.source_organs), (exact.target, oblique.target_organs)):
        points = image.grid.all_points().reshape(-1, 3)
        found = image.data.numpy().ravel()
        depth = np.full((6, len(points)), np.inf)
        for label in EVERY:
            low, high = person.boxes[label]
            near = ((points >= low) & (points <= high)).all(axis=1)
            depth[label, near] = person.depth(points[near], label)
            assert ((depth[label] < 0) == (found == label)).all()
            ml = (found == label).sum() * image.grid.voxel_volume / 1000
            assert ML[label][0] < ml < ML[label][1], (LABEL_NAMES[label], ml)
        assert ((depth < 0).sum(axis=0) <= 1).all()


def test_organs_touch_without_overlap_and_slide_along_each_other() -> None:
    slid = []
    for seed in range(2):
        clouds = abdomen_clouds(seed, spacing_mm=8.0)
        exact = clouds.anatomy
        for mover, rest in ((3, 1), (4, 2)):
            for person in (exact.source, exact.target):
                ends = {}
                for label in (mover, rest):
                    ends[label] = person.forward(surface(label, directions(4000)), label)
                gap = cKDTree(ends[rest]).query(ends[mover])[0].min()
                assert 0.3 < gap < 3.5
                for a, b in ((mover, rest), (rest, mover)):
                    assert person.depth(ends[a], b).min() > 0.5
            skin = clouds.source.points[clouds.source_true == mover]
            near = skin[exact.source.depth(skin, rest) < 15.0]
            own = exact.to_target(near, np.full(len(near), mover))
            as_rest = exact.to_target(near, np.full(len(near), rest))
            slid.append(float(np.linalg.norm((own - as_rest).mean(axis=0))))
    assert min(slid) > 2.0
    assert np.median(slid) > 8.0


def test_organs_of_two_people_lie_ten_to_thirty_mm_otherwise_and_of_two_days_less() -> None:
    shift = {"people": [], "days": []}
    for seed in range(3):
        for between, found in shift.items():
            clouds = abdomen_clouds(seed, 60, between=between)  # type: ignore[arg-type]
            true, exact = clouds.source_true, clouds.anatomy
            moved = exact.to_target(clouds.source.points, true)
            there = exact.source.whole.inverse(clouds.source.points)
            own = exact.target.whole.inverse(moved) - there
            means = [own[true == label].mean(axis=0) for label in EVERY[:4]]
            found += [float(np.linalg.norm(a - b)) for a, b in combinations(means, 2)]
    assert 12.0 < np.median(shift["people"]) < 30.0
    assert np.median(shift["days"]) < 0.6 * np.median(shift["people"])


def test_the_abdominal_wall_encloses_all_organs_and_corresponds_as_a_whole(oblique: AbdomenPhantom) -> None:
    exact = oblique.clouds.anatomy
    for image, known in (
        (oblique.target_organs, oblique.corresponds),
        (oblique.source_organs, oblique.source_corresponds),
    ):
        assert (known.data[0][image.data[0] > 0] == 1).all()
    shell = (oblique.corresponds.data[0] > 0) & (oblique.target_organs.data[0] == 0)
    points = oblique.target.grid.all_points()[shell.numpy()][::50]
    hu = oblique.target.data[0][shell].numpy()[::50]
    assert np.median(hu[hu > -30]) == pytest.approx(58, abs=12)
    there = exact.body_to_source(points)
    np.testing.assert_allclose(exact.body_to_target(there), points, atol=1e-9)
    assert not exact.source.labels(there).any()
    kept = np.linalg.norm(np.diff(exact.source.to_body(there) - exact.target.to_body(points), axis=0), axis=1)
    assert kept.max() < 1e-9


def test_values_are_those_of_a_ct_and_the_livers_vessels_go_with_it(oblique: AbdomenPhantom) -> None:
    values, labels = oblique.target.data[0].numpy(), oblique.target_organs.data[0].numpy()
    assert values.min() >= -1024
    assert np.percentile(values, 5) < -900
    for label in EVERY[:2]:
        inside = ndimage.binary_erosion(labels == label)
        assert np.median(values[inside]) == pytest.approx(organ_of(label).value_hu, abs=6)
    source = image_to_sitk(oblique.source)
    field = array_to_sitk(oblique.displacement.data.double().numpy(), oblique.displacement.grid, vector=True)
    warped = sitk.GetArrayFromImage(
        sitk.Resample(source, image_to_sitk(oblique.target), sitk.DisplacementFieldTransform(field))
    )
    assert abs(warped - values)[labels > 0].mean() < 25.0
    plain = sitk.GetArrayFromImage(sitk.Resample(source, image_to_sitk(oblique.target)))
    assert abs(plain - values)[labels > 0].mean() > 3 * abs(warped - values)[labels > 0].mean()
    along = np.linspace(VEINS[0][0], VEINS[0][1], 9)
    aside = along + np.array([0.0, 0.0, 14.0])
    for points, hu in ((along, 168.0), (aside, 108.0)):
        np.testing.assert_allclose(organ_values(points, organ_of(1).form(points), 1), hu)


def test_sliding_borders_are_the_organs_near_each_other_or_the_wall(oblique: AbdomenPhantom) -> None:
    labels, near = oblique.target_organs.data[0].numpy(), oblique.target_sliding.data[0].numpy()
    points = oblique.target.grid.all_points()
    assert set(np.unique(near)) == {0, 1, 2}
    assert (labels[near > 0] > 0).all()
    for label in (1, 3):
        own = labels == label
        away = cKDTree(points[(labels > 0) & ~own]).query(points[own])[0]
        np.testing.assert_array_equal(near[own] == 1, away <= 10.0)


def test_the_same_seed_gives_the_same_bits_and_another_another_person() -> None:
    one, two = (abdomen_pair(7, spacing_mm=13.0, points_apart_mm=15.0, label_error=0.1) for _ in range(2))
    for role in ("source", "target", "target_labels", "displacement"):
        assert torch.equal(getattr(one, role).data, getattr(two, role).data)
    np.testing.assert_array_equal(one.clouds.source.points, two.clouds.source.points)
    other = abdomen_clouds(8, 40)
    assert np.abs(other.source_landmarks.points - one.clouds.source_landmarks.points).max() > 5.0


def test_an_organ_that_is_missing_is_not_drawn_and_nothing_corresponds_there(whole: AbdomenPhantom) -> None:
    made = abdomen_pair(2, missing_source=["spleen"], missing_target=[5], **COARSE)
    assert not bool((made.source_organs.data == 2).any())
    assert not bool((made.target_organs.data == 5).any())
    assert not bool(made.corresponds.data[made.target_organs.data == 2].any())
    kept = whole.target_organs.data != 5
    assert torch.equal(made.target_organs.data[kept], whole.target_organs.data[kept])
    assert "bladder" not in (made.clouds.source_landmarks.names or ())
    assert set(made.clouds.source_true) == {1, 3, 4, 5}


def test_a_cut_field_of_view_ends_below_the_liver_dome(whole: AbdomenPhantom) -> None:
    made = abdomen_pair(2, cut_mm=60.0, **COARSE)
    top = whole.clouds.target.points[:, 2].max()
    assert made.target.grid.bounds()[1][2] == pytest.approx(top - 60.0, abs=14.0)
    assert made.clouds.target.points[:, 2].max() <= top - 55.0
    np.testing.assert_array_equal(made.clouds.source.points, whole.clouds.source.points)
    assert "liver top" not in (made.clouds.target_landmarks.names or ())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ndim": 2}, "3 dimensions only"),
        ({"spacing_mm": 0.2}, "1 to 15"),
        ({"label_error": 0.7}, "label_error"),
        ({"missing_source": ["heart"]}, "organs: 1 liver"),
        ({"between": "weeks"}, "people or days"),
        ({"cut_mm": 30.0, "direction": TURNED}, "one of the two"),
        ({"missing_target": EVERY}, "some organ"),
    ],
)
def test_what_cannot_be_is_refused_with_a_mend(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        abdomen_pair(0, **({"points_apart_mm": 20.0, "spacing_mm": 12.0} | options))  # type: ignore[arg-type]
