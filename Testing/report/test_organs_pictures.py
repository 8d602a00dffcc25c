"""Pictures of organs in space: what hides what, from where it is seen, what colours say, and charts."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from RegSuite.report import draw, organs_charts, organs_maps, organs_pictures, organs_strip
from RegSuite.report.draw import png
from RegSuite.report.organs_bodies import Bodies, organ_colours
from RegSuite.report.organs_calibration import RADIUS, calibration_of
from RegSuite.report.organs_content import OrganLandmarks, OrganSurface
from RegSuite.report.organs_raster import splat
from RegSuite.report.organs_scene import LOOKS, frame_of, merged
from RegSuite.report.organs_surfels import MOST_POINTS, of_cloud, of_surface
from RegSuite.report.organs_view import organs_view
from Testing.report.organs_sample import ORGANS, sample, sphere

BALL = 30.0 * sphere(600)


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    """Fewer pixels; what is looked for is larger than they are."""
    monkeypatch.setattr(organs_strip, "FINER", 0.7)
    monkeypatch.setattr(draw, "DPI", 60)


def pixels(figure):
    from PIL import Image as Picture

    return np.asarray(Picture.open(io.BytesIO(png(figure))).convert("RGB")).astype(int)


def drawn(surfels, look=LOOKS[0], values=None, scale=2.0):
    frame = frame_of(look, surfels.points, scale, 10.0)
    values = np.zeros((len(surfels.points), 1)) if values is None else values
    return frame.layer(surfels, values)


def centre_of(layer):
    """Row and column of the middle of what is covered, 0..1."""
    return np.argwhere(layer.covered).mean(axis=0) / layer.covered.shape


def test_a_ball_of_points_is_drawn_as_a_closed_disc_with_the_balls_normals():
    layer = drawn(of_cloud(BALL))
    radius = 30.0 * 2.0
    assert layer.covered.sum() == pytest.approx(np.pi * radius**2, rel=0.04)
    rows, columns = np.indices(layer.covered.shape)
    across = columns + 0.5 - layer.covered.shape[1] / 2
    down = rows + 0.5 - layer.covered.shape[0] / 2
    inner = across**2 + down**2 < (0.85 * radius) ** 2
    assert layer.covered[inner].all()  # no holes
    out = np.sqrt(radius**2 - across**2 - down**2, where=inner, out=np.zeros(inner.shape))
    truth = np.stack([across, down, -out], axis=-1) / radius
    cosine = (truth * layer.normal).sum(-1)[inner]
    assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean() < 6.0
    depth = layer.depth[inner] - layer.depth[inner].min()
    assert np.abs(depth - (radius - out[inner])).mean() < 0.04 * radius


def test_the_nearer_organ_hides_the_farther_one():
    near, far = BALL + (0, -100, 0), BALL + (0, 100, 0)  # the eye is in front: at low y
    frame = frame_of(LOOKS[0], np.concatenate([near, far]), 1.0, 10.0)
    layers = [frame.layer(of_cloud(p), np.zeros((600, 0))) for p in (far, near)]
    _, which = merged(layers)
    assert set(np.unique(which)) == {-1, 1}


@pytest.mark.parametrize(
    ("look", "towards", "place"),
    [
        (0, (1, 0, 0), "right"),  # the patient's left is at the right from the front
        (0, (0, 0, 1), "top"),
        (1, (0, 1, 0), "right"),  # from the left: the back is at the right
        (1, (0, 0, 1), "top"),
        (2, (1, 0, 0), "right"),  # from the feet, as axial planes hang
        (2, (0, -1, 0), "top"),  # the front is on top
    ],
)
def test_patients_hang_as_radiologists_hang_them(look, towards, place):
    spot = 60.0 * np.array(towards)
    frame = frame_of(LOOKS[look], np.concatenate([BALL + spot, BALL - spot]), 1.0, 5.0)
    row, column = centre_of(frame.layer(of_cloud(BALL + spot), np.zeros((600, 0))))
    assert (column > 0.6) if place == "right" else (row < 0.4)
    letters = dict(zip(("left", "right", "top", "bottom"), LOOKS[look].edges, strict=True))
    names = {(1, 0, 0): "L", (0, 1, 0): "P", (0, -1, 0): "A", (0, 0, 1): "S"}
    assert letters[place] == names[towards]


@pytest.mark.parametrize(
    ("look", "nearest"), [(0, (0, -1, 0)), (1, (1, 0, 0)), (2, (0, 0, -1))], ids=["front", "left", "feet"]
)
def test_the_eye_stands_in_front_on_the_left_or_at_the_feet(look, nearest):
    spot = 60.0 * np.array(nearest)
    frame = frame_of(LOOKS[look], np.concatenate([BALL + spot, BALL - spot]), 1.0, 5.0)
    near, far = (frame.layer(of_cloud(BALL + s), np.zeros((600, 0))) for s in (spot, -spot))
    assert np.nanmin(near.depth) < np.nanmin(far.depth) - 100


def test_a_triangulated_surface_looks_like_its_points():
    from scipy.spatial import ConvexHull

    triangles = ConvexHull(BALL).simplices
    a, b, c = (BALL[triangles[:, k]] for k in range(3))
    inwards = (np.cross(b - a, c - a) * a).sum(1) < 0
    triangles[inwards] = triangles[inwards][:, ::-1]
    surface = OrganSurface(BALL, triangles)
    of_both = [drawn(of_surface(surface)), drawn(of_cloud(BALL))]
    assert (of_both[0].covered != of_both[1].covered).mean() < 0.02
    both = of_both[0].covered & of_both[1].covered
    assert np.abs(of_both[0].depth[both] - of_both[1].depth[both]).mean() < 1.0


def test_points_that_are_no_surface_are_drawn_as_balls_and_large_clouds_are_thinned():
    cloud = np.random.default_rng(0).uniform(-50, 50, (3 * MOST_POINTS, 3))
    made = of_cloud(cloud)
    assert made.normals is None
    assert len(made.points) == MOST_POINTS
    assert np.array_equal(made.points, cloud[made.chosen])
    few = of_cloud(cloud[:2])
    assert few.normals is None
    assert drawn(few).covered.any()


def test_values_blend_between_neighbours_and_unknown_ones_stay_unknown():
    values = np.where(BALL[:, :1] > 0, 8.0, 2.0)
    values[BALL[:, 2] > 0] = np.nan
    layer = drawn(of_cloud(BALL), values=values)
    rows, columns = layer.covered.shape
    lower = layer.values[int(0.65 * rows), :, 0]
    assert lower[int(0.3 * columns)] == pytest.approx(2.0)
    assert lower[int(0.7 * columns)] == pytest.approx(8.0)
    assert np.isnan(layer.values[int(0.3 * rows), columns // 2, 0])


def test_nothing_is_drawn_of_surfels_outside_the_picture():
    layer = splat(np.array([[-90.0, 5.0, 0.0]]), None, np.array([3.0]), np.zeros((1, 1)), (20, 30))
    assert not layer.covered.any()


def shares(figure, colour):
    """Share of the pixels whose hue is near a colour's and which are not pale."""
    from matplotlib.colors import rgb_to_hsv

    hsv = rgb_to_hsv(pixels(figure) / 255.0)
    hue = rgb_to_hsv(np.array(to_rgb(colour)))[0]
    apart = np.abs((hsv[..., 0] - hue + 0.5) % 1 - 0.5)
    return float(((apart < 0.03) & (hsv[..., 1] > 0.45) & (hsv[..., 2] > 0.2)).mean())


def test_each_organ_is_seen_in_its_own_colour_before_and_after():
    found = sample(images=False)
    shown = organs_pictures.before_after(found, Bodies(found))
    for name, colour in zip(ORGANS, organ_colours(found), strict=True):
        assert shares(shown.after, colour) > 0.005, name
        assert shares(shown.before, colour) > 0.005, name
    own = sample(images=False)
    painted = dataclasses.replace(own.organs[0], colour=(20, 160, 160))
    own = dataclasses.replace(own, organs=(painted, *own.organs[1:]))
    assert organ_colours(own)[0] == "#14a0a0"


def test_an_organ_that_the_target_lacks_is_greyed_and_named():
    whole = sample(images=False)
    keep = np.asarray(whole.target_organs) != 0
    found = dataclasses.replace(
        whole,
        target_mm=whole.target_mm[keep],
        target_organs=whole.target_organs[keep],
        outlier_probability=whole.outlier_probability[keep],
    )
    shown = organs_pictures.before_after(found, Bodies(found))
    assert "Greyed: in the source alone (liver)." in shown.caption
    assert shares(shown.after, organ_colours(found)[0]) < 0.2 * shares(
        organs_pictures.before_after(whole, Bodies(whole)).after, organ_colours(whole)[0]
    )


def test_both_pictures_of_a_pair_lie_exactly_over_each_other():
    for found in (sample(images=False), sample(60, 2)):
        shown = organs_pictures.before_after(found, Bodies(found))
        boxes = [[a.get_position().bounds for a in f.axes] for f in (shown.before, shown.after)]
        assert np.allclose(boxes[0], boxes[1])
        assert pixels(shown.before).shape == pixels(shown.after).shape
        assert (pixels(shown.before) != pixels(shown.after)).mean() > 0.005


def test_an_organ_that_was_not_reached_leaves_its_glass_empty():
    reached, missed = sample(images=False), sample(images=False, missed=("bladder",))
    pictures = [pixels(organs_pictures.before_after(p, Bodies(p)).after) for p in (reached, missed)]
    # glass over paper: pale violet, which opaque organs are nowhere
    pale = [((p[..., 2] > 225) & (p[..., 0] < 240) & (p[..., 1] < 230)).sum() for p in pictures]
    assert pale[1] > pale[0] + 50


def test_the_residual_is_red_where_an_organ_was_missed_and_pale_elsewhere():
    found = sample(images=False, missed=("bladder",))
    shown = organs_pictures.coloured(found, Bodies(found), "residual_mm")
    p = pixels(shown.after)[:, : int(0.9 * pixels(shown.after).shape[1])]
    red = (p[..., 0] > 150) & (p[..., 1] < 90) & (p[..., 2] < 80)
    pale = (p[..., 0] > 170) & (p[..., 1] > 160) & (p[..., 2] < 190) & (p[..., 2] > 60)
    assert red.mean() > 0.005
    assert pale.mean() > 0.05
    below = np.argwhere(red)[:, 0].mean() / red.shape[0]
    assert below > np.argwhere(pale)[:, 0].mean() / red.shape[0]  # the bladder lies lowest


def test_unknown_values_are_grey_and_counted_in_the_caption():
    found = sample(images=False)
    residual = np.where(np.asarray(found.source_organs) == 0, np.nan, found.residual_mm)
    found = dataclasses.replace(found, residual_mm=residual)
    shown = organs_pictures.coloured(found, Bodies(found), "residual_mm")
    assert "Grey: unknown (20 % of the points)" in shown.caption
    p = pixels(shown.after)
    grey = (np.ptp(p, axis=-1) < 22) & (p.max(axis=-1) > 90) & (p.max(axis=-1) < 200)
    assert grey.mean() > 0.02


def test_the_colour_scale_ends_at_a_round_number_over_most_values_and_is_as_large_as_the_body():
    found = sample(images=False)
    size = np.linalg.norm(np.ptp(found.target_mm, axis=0))
    small = organs_pictures.scale_top(np.full(9, 0.01), found)
    assert 0.005 * size <= small <= 0.01 * size
    assert organs_pictures.scale_top(np.linspace(0, 12.3, 99), found) == 15.0
    assert organs_pictures.scale_top(np.array([1000.0, np.nan]), found) == 1000.0
    tenth = dataclasses.replace(found, target_mm=found.target_mm / 10)
    assert organs_pictures.scale_top(np.full(9, 0.01), tenth) == pytest.approx(small / 10)


def test_residuals_are_scaled_by_the_points_own_spacing():
    found = sample(images=False)
    fine = dataclasses.replace(found, residual_mm=np.full(750, 0.01))
    bodies = Bodies(fine)
    caption = organs_pictures.coloured(fine, bodies, "residual_mm").caption
    end = float(caption.partition("The scale ends at ")[2].split()[0])
    assert bodies.spacing_mm > 5.0
    assert 1.5 * bodies.spacing_mm <= end <= 3 * bodies.spacing_mm
    assert f"lie {bodies.spacing_mm:.1f} mm apart" in caption


def test_clouds_that_fill_a_volume_are_balls_among_clear_balls():
    cloud = np.random.default_rng(1).uniform(-50, 50, (750, 3))
    zeros = np.zeros(750, int)
    found = sample(
        images=False,
        source_mm=cloud,
        moved_mm=cloud,
        target_mm=cloud + 3.0,
        source_organs=zeros,
        target_organs=zeros,
    )
    shown = organs_pictures.before_after(found, Bodies(found))
    assert shown.caption.startswith("Opaque balls:")
    assert (pixels(shown.after) > 250).all(axis=-1).mean() > 0.4  # seen through


def test_a_source_that_lies_far_away_is_shown_shifted_and_the_page_says_so():
    found = sample(images=False)
    far = dataclasses.replace(found, source_mm=found.source_mm + (900.0, 0.0, 0.0))
    bodies = Bodies(far)
    assert bodies.shift[0] < -880
    assert not Bodies(found).shift.any()
    caption = organs_pictures.before_after(far, bodies).caption
    assert "is shown shifted by" in caption
    assert "shifted" not in organs_pictures.before_after(found, Bodies(found)).caption


def test_values_of_a_surface_come_from_its_corners_or_from_the_nearest_points():
    found = sample(images=False)
    own = found.moved_mm[:150]
    triangles = np.array([[i, i + 1, i + 2] for i in range(148)])
    given = OrganSurface(own, triangles, residual_mm=np.arange(150.0))
    page = dataclasses.replace(found, moved_surfaces={0: given})
    body = Bodies(page).moved[0]
    assert np.array_equal(body.values[:, 0], body.surfels.chosen.astype(float))
    assert np.allclose(body.values[:, 1], found.sd_mm[body.surfels.chosen])


def test_planes_are_cut_where_most_of_the_organs_are_seen():
    view = organs_view(sample(size=(30, 24, 34)))
    labels = view.page.target_labels.data[0].numpy()
    seen = {v for p in view.planes for v in np.unique(view.cut(labels, p, view.centre)) if v}
    assert seen == {1, 2, 3, 4, 5}
    axial = view.planes[0]
    middle = set(np.unique(view.cut(labels, axial, view.centre))) - {0}
    assert len(middle) >= 3


def test_the_scan_is_drawn_under_the_targets_outlines_in_the_organs_colours():
    view = organs_view(sample(size=(30, 24, 34)))
    shown = {s.name: s for s in organs_maps.pairs(view)}
    with_lines = pixels(shown["warped"].after)
    coloured = np.ptp(with_lines, axis=-1) > 40
    assert 0.002 < coloured.mean() < 0.2
    bare = organs_view(sample(size=(30, 24, 34), target_labels=None))
    assert (np.ptp(pixels(organs_maps.pairs(bare)[0].after), axis=-1) > 40).mean() < 1e-3
    assert set(shown) == {"warped", "blend", "checkerboard", "difference", "outlines"}


def test_labels_without_scans_still_show_outlines_and_the_uncertainty():
    view = organs_view(sample(target=None, before=None, warped=None))
    assert [s.name for s in organs_maps.pairs(view)] == ["outlines"]
    names = [s.name for s in organs_maps.singles(view, "No organ is folded inside.")]
    assert names == ["uncertainty", "deformation", "jacobian"]
    assert organs_view(sample(images=False)) is None


def test_words_of_maps_are_the_pages_own():
    view = organs_view(sample())
    for shown in organs_maps.singles(view, "No organ is folded inside."):
        assert "moving" not in shown.caption
        assert "fixed" not in shown.caption
    assert organs_maps.singles(view, "No organ is folded inside.")[-1].caption.startswith("No organ is")


@pytest.mark.parametrize("dimensions", [2, 3])
def test_errors_drawn_from_the_stated_uncertainty_are_called_honest(dimensions):
    from scipy.stats import chi2

    rng = np.random.default_rng(3)
    sd = rng.uniform(0.5, 4.0, 3000)
    error = sd[:, None] * rng.standard_normal((3000, dimensions))
    zeros = np.zeros((3000, dimensions))
    names = tuple(map(str, range(3000)))
    assert RADIUS[dimensions] == pytest.approx(np.sqrt(chi2.ppf(0.95, dimensions)), abs=1e-3)

    def judged(factor, count=3000):
        part = slice(count)
        marks = OrganLandmarks(names[part], zeros[part], zeros[part], error[part], factor * sd[part])
        return calibration_of(marks)

    honest = judged(1.0)
    assert honest.verdict == "honest"
    assert honest.ratio == pytest.approx(1.0, abs=0.03)
    assert honest.within / honest.count == pytest.approx(0.95, abs=0.015)
    assert judged(0.5).verdict == "too sure"
    assert judged(0.5).ratio == pytest.approx(2.0, rel=0.03)
    assert judged(2.0).verdict == "cautious"
    assert judged(1.0, 5).verdict == "too few"


def test_landmarks_of_unknown_uncertainty_do_not_count():
    marks = sample(images=False).landmarks
    some = dataclasses.replace(marks, sd_mm=np.where(np.arange(10) < 4, np.nan, 0.4))
    assert calibration_of(some).count == 6
    assert calibration_of(dataclasses.replace(marks, sd_mm=np.full(10, np.nan))) is None
    assert calibration_of(dataclasses.replace(marks, sd_mm=None)) is None


def test_the_worst_landmark_stands_first_with_its_errors_before_and_after():
    found = sample(images=False, missed=("spleen",))
    (axes,) = organs_charts.landmarks(found, 2.8).axes
    first = axes.get_yticklabels()[0].get_text()
    worst = int(found.landmarks.after_mm.argmax())
    assert first == found.landmarks.names[worst]
    values = [line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == "o"]
    assert values[:2] == pytest.approx([found.landmarks.before_mm[worst], found.landmarks.after_mm[worst]])
    assert axes.patches[0].get_width() == pytest.approx(2.8 * 0.4)


def test_many_landmarks_are_drawn_as_shares_too():
    assert organs_charts.landmark_shares(sample(images=False).landmarks) is None
    n = 40
    marks = OrganLandmarks(
        tuple(map(str, range(n))), np.zeros((n, 3)), np.eye(3)[np.zeros(n, int)], np.zeros((n, 3))
    )
    (axes,) = organs_charts.landmark_shares(marks).axes
    assert axes.get_lines()[0].get_xdata() == pytest.approx(np.ones(n))
    assert axes.get_lines()[0].get_ydata()[-1] == 100


def test_convergence_is_drawn_in_mm_and_says_where_it_ends():
    (axes,) = organs_charts.convergence((30.0, 5.0, 1.25), (0.5, 0.7, 0.93)).axes
    assert axes.get_lines()[0].get_ydata() == pytest.approx([30.0, 5.0, 1.25])
    assert axes.texts[0].get_text() == "ends at 1.2 mm; 93 % of the points matched"
    assert organs_charts.convergence((np.nan,), ()) is None
