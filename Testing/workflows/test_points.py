"""`RegSuite.points`: a cloud that moved in a known way is brought back, with any point of space around it."""

from __future__ import annotations

import json

import numpy as np
import pytest

import RegSuite
from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.io.points import read_points, write_points
from RegSuite.workflows.evaluate import evaluate
from RegSuite.workflows.warp import warp

QUICK = {"report": False, "scene": False, "threads": 1}


def a_cloud(count=400, ndim=3, seed=0):
    """Points of the surface of three balls grown into each other, of which no two are alike; about 110 mm."""
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0, 0], [34, 12, 8], [-8, 34, -26]])[:, :ndim]
    radii = np.array([30.0, 19, 14])
    which = rng.choice(3, size=6 * count, p=radii**2 / (radii**2).sum())
    direction = rng.normal(size=(6 * count, ndim))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    points = centres[which] + radii[which, None] * direction
    inside = np.linalg.norm(points[:, None] - centres, axis=2) < radii - 1e-6
    return points[~inside.any(axis=1)][:count] + 7.5


def moved(points):
    """A turn of 8 degrees, a shift and a smooth bend, in mm."""
    a = np.deg2rad(8.0)
    turn = np.eye(points.shape[1])
    turn[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    bend = np.zeros_like(points)
    bend[:, 0] = 5 * np.sin(points[:, 1] / 30)
    bend[:, -1] += 4 * np.cos(points[:, 0] / 35)
    return points @ turn.T + bend + np.array([8.0, -5.0, 6.0])[: points.shape[1]]


def two_clouds(ndim=3):
    source, other = a_cloud(400, ndim, 0), a_cloud(500, ndim, 1)
    marks = 0.8 * a_cloud(20, ndim, 2)
    return {
        "source": PointSet(source, name="source"),
        "target": PointSet(moved(other), name="target"),
        "source_landmarks": PointSet(marks, name="source marks"),
        "target_landmarks": PointSet(moved(marks), name="target marks"),
    }


@pytest.fixture(scope="module")
def a_run():
    return RegSuite.points(**two_clouds(), **QUICK)


@pytest.fixture(scope="module")
def a_folder(a_run, tmp_path_factory):
    return a_run.save(tmp_path_factory.mktemp("points") / "result", report=False)


def test_a_bent_cloud_is_brought_back(a_run):
    from scipy.spatial import cKDTree

    surface = cKDTree(moved(a_cloud(6000, seed=9)))
    before, after = (surface.query(p)[0].mean() for p in (a_run.drift.source.points, a_run.drift.moved_mm))
    assert after < 0.25 * before
    m = a_run.metrics
    assert m["tre_mm"]["mean"] < 0.5 * m["tre_before_mm"]["mean"]  # along a surface nothing holds a point
    assert m["tre_source_mm"]["mean"] == pytest.approx(m["tre_mm"]["mean"], rel=0.2)


def test_registered_csv_holds_the_source_points_moved_row_by_row(a_run, a_folder):
    found = read_points(a_folder / "registered.csv")
    assert np.abs(found.points - a_run.drift.moved_mm).max() < 1e-5
    header = (a_folder / "registered.csv").read_text().splitlines()[0]
    assert header == "x,y,z,residual_mm,sd_mm"


def test_warp_moves_source_points_to_the_registered_ones_and_back(a_run, a_folder):
    source = a_run.drift.source
    there = warp(source, a_folder, inverse=True)
    assert np.linalg.norm(there.points - a_run.drift.moved_mm, axis=1).max() < 0.2
    back = warp(there, a_folder)
    error = np.linalg.norm(back.points - source.points, axis=1)
    assert error.mean() < 0.1
    assert error.max() < 0.6


def test_any_point_near_the_cloud_moves_with_it(a_run, a_folder):
    places = 0.6 * a_cloud(50, seed=5)
    there = warp(PointSet(places), a_folder, inverse=True).points
    assert np.linalg.norm(there - a_run.drift.points(places), axis=1).max() < 0.2


def test_an_image_is_pulled_through_the_folder(a_folder):
    import torch

    grid = Grid.make((40, 40, 40), 4.0, (-72.0, -72.0, -72.0))
    image = Image(torch.from_numpy(grid.all_points()[..., 0].copy())[None].float(), grid)  # its value is x
    like = Image(torch.zeros((1, 11, 11, 11)), Grid.make((11, 11, 11), 4.0, (-12.0, -12.0, -12.0)))
    pulled = warp(image, a_folder, like=like)
    target = like.grid.all_points().reshape(-1, 3)
    back = warp(PointSet(target), a_folder).points[:, 0]
    assert np.abs(pulled.data[0].numpy().ravel() - back).max() < 0.05


def test_the_folder_says_what_was_found(a_folder):
    record = json.loads((a_folder / "result.json").read_text())
    assert {"registered", "correspondences", "displacement", "inverse_displacement", "uncertainty"} <= set(
        record["files"]
    )
    assert (record["workflow"], record["method"]) == ("points", "bcpd")
    assert record["metrics"]["drift"]["rank"] >= 20
    assert record["inputs"]["source"]["sha256"] is not None


def test_scans_are_warped_on_their_own_grids(a_run):
    import torch

    grids = [
        Grid.make((36, 36, 40), 4.0, (-66.0, -66.0, -72.0)),
        Grid.make((30, 30, 34), 5.0, (-60.0, -70.0, -75.0)),
    ]
    scans = [Image(torch.rand((1, *grid.shape)), grid, name="scan") for grid in grids]
    found = RegSuite.points(**two_clouds(), **QUICK, source_image=scans[0], target_image=scans[1])
    assert found.images["warped"].grid == grids[1]
    assert found.images["inverse_displacement"].grid == grids[0]
    assert np.allclose(found.drift.moved_mm, a_run.drift.moved_mm)


def test_clouds_of_a_plane_are_registered_too():
    found = RegSuite.points(**two_clouds(2), **QUICK)
    assert found.transform.ndim == 2
    assert found.metrics["tre_mm"]["mean"] < 0.5 * found.metrics["tre_before_mm"]["mean"]


def test_labels_of_both_clouds_keep_neighbours_apart_and_can_be_left_out():
    left, right = a_cloud(250, seed=3) * 0.4, a_cloud(250, seed=4) * 0.4 + (34.0, 0, 0)
    labels = np.repeat([2, 5], 250)
    source = PointSet(np.concatenate([left, right]), labels, name="source")
    target = PointSet(np.concatenate([left + (0, 6.0, 0), right - (0, 6.0, 0)]), labels, name="target")
    apart = RegSuite.points(source, target, **QUICK)
    error = np.linalg.norm(apart.drift.moved_mm - target.points, axis=1)
    assert error.mean() < 1.0
    assert set(apart.metrics["organs"]) == {"2", "5"}
    without = RegSuite.points(source, target, **QUICK, labels=False)
    assert without.drift.model is None
    assert np.linalg.norm(without.drift.moved_mm - target.points, axis=1).mean() > error.mean()


def test_labels_of_one_cloud_alone_are_said_not_to_be_used():
    clouds = two_clouds()
    given = PointSet(clouds["source"].points, np.ones(400, dtype=np.int64), name="source")
    found = RegSuite.points(given, clouds["target"], **QUICK, transform="rigid")
    assert any("alone carry labels" in w for w in found.warnings)


def test_a_rigid_map_is_rigid_and_says_how_sure_it_is():
    clouds = two_clouds()
    found = RegSuite.points(clouds["source"], clouds["target"], **QUICK, transform="rigid")
    matrix = found.linear.matrix
    assert np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
    sd = found.drift.point_sd_mm
    assert (sd > 0).all()
    assert sd.max() < 20


def test_evaluate_measures_the_folder_again(tmp_path):
    files = {role: tmp_path / f"{role}.csv" for role in two_clouds()}
    for role, points in two_clouds().items():
        write_points(points, files[role])
    found = RegSuite.points(**files, **QUICK)
    again = evaluate(found.save(tmp_path / "out", report=False))
    assert again.metrics["tre_mm"]["mean"] == pytest.approx(found.metrics["tre_mm"]["mean"], abs=1e-3)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda c: {**c, "source": PointSet(np.zeros((0, 3)), name="s")}, InputError, "empty"),
        (lambda c: {**c, "source": PointSet(np.ones((1, 3)), name="s")}, InputError, "one point"),
        (
            lambda c: {**c, "target": PointSet(np.ones((9, 3)), name="t")},
            InputError,
            "all 9 points are equal",
        ),
        (lambda c: {**c, "source": PointSet(a_cloud(ndim=2), name="s")}, GeometryError, r"2D(.|\n)*3D"),
        (
            lambda c: {role: PointSet(c[role].points / 1000, name=role) for role in ("source", "target")},
            InputError,
            "metres",
        ),
        (
            lambda c: {
                role: PointSet(np.round(c[role].points - c[role].points.min(axis=0)), name=role)
                for role in ("source", "target")
            },
            InputError,
            "voxel",
        ),
        (
            lambda c: {
                "source": PointSet(c["source"].points, np.ones(400, dtype=np.int64)),
                "target": PointSet(c["target"].points, np.full(500, 2)),
            },
            InputError,
            "share no label",
        ),
        (lambda c: {**c, "elasticity": "papr"}, InputError, "did you mean 'paper'"),
    ],
)
def test_clouds_that_cannot_be_right_are_refused(change, error, words):
    with pytest.raises(error, match=words):
        RegSuite.points(**change(two_clouds()), **QUICK)


@pytest.mark.parametrize("which", ["symmetric", "unrelated"])
def test_points_that_do_not_tell_which_way_round_they_belong_are_said(which):
    rng = np.random.default_rng(5)
    if which == "symmetric":  # an ellipsoid turned by half a turn, other points on it
        directions = [rng.normal(size=(200, 3)) for _ in range(2)]
        clouds = [v / np.linalg.norm(v, axis=1, keepdims=True) * [30, 20, 45] for v in directions]
        clouds[1] *= [-1, -1, 1]
    else:
        clouds = [rng.uniform(-60, 60, (200, 3)) for _ in range(2)]
    source, target = (PointSet(points, name="cloud") for points in clouds)
    found = RegSuite.points(source, target, **QUICK, transform="rigid", grid_mm=15)
    assert any("half a turn" in w for w in found.warnings)


def test_points_of_one_shape_are_not_doubted(a_run):
    assert not any("half a turn" in w for w in a_run.warnings)


def test_centimetres_beside_millimetres_are_asked_back():
    given = two_clouds()
    with pytest.raises(InputError, match="different units"):
        RegSuite.points(PointSet(given["source"].points / 10, name="cm"), given["target"], **QUICK)
