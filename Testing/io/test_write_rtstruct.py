"""RT Structure Sets as written: where the contours run, holes, names, references, and other readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch

from RegSuite.dose.region import region_of
from RegSuite.errors import InputError
from RegSuite.geometry import ContourStructure, Grid, Image, SurfaceStructure, VoxelStructure
from RegSuite.io.contours import area_vector
from RegSuite.io.image_series import image_series, made_series
from RegSuite.io.keyholes import keyholed, on_plane, points_inside
from RegSuite.io.outlines import outlines
from RegSuite.io.rtstruct import read_rtstruct
from RegSuite.io.write_rtstruct import write_rtstruct
from Testing.data import data_folder
from Testing.dose.bodies import surface
from Testing.io import rt
from Testing.io.conformance import faults
from Testing.io.scans import TURN, scan

PLANES = Grid.make((40, 36, 12), (1.5, 2.0, 3.0), (-30.0, 12.5, 40.0))
UP = np.array([0.0, 0.0, 1.0])


def blobs(grid: Grid, seed: int = 0) -> np.ndarray:
    """Boolean [z, y, x]: lumps with holes and islands in them, none at the border."""
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(seed).normal(size=grid.shape), 1.7)
    inside = noise > 0.02
    frame = np.zeros_like(inside)
    frame[1:-1, 2:-2, 2:-2] = True
    return inside & frame


def voxels(inside: np.ndarray, grid: Grid, name: str = "lumps") -> VoxelStructure:
    return VoxelStructure(name, Image(torch.from_numpy(inside.astype(np.float32)[None]), grid), number=7)


def filled(structure: ContourStructure, grid: Grid) -> np.ndarray:
    """Boolean [z, y, x]: voxels whose centre lies in an odd number of the contours of their plane."""
    out = np.zeros(grid.shape, dtype=bool)
    y, x = np.indices(grid.shape[1:])
    centres = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    for contour in structure.contours:
        index = grid.index(contour)
        plane = round(float(index[:, 2].mean()))
        assert np.abs(index[:, 2] - plane).max() < 1e-4
        out[plane] ^= points_inside(centres, index[:, :2]).reshape(x.shape)
    return out


def area(structure: ContourStructure) -> float:
    return sum(float(np.linalg.norm(area_vector(c))) for c in structure.contours)


@pytest.mark.parametrize(
    "direction", [np.eye(3), TURN, TURN * [1, 1, -1]], ids=["axial", "oblique", "mirrored"]
)
def test_voxels_that_are_written_are_the_same_voxels_when_they_are_filled(
    tmp_path: Path, direction: np.ndarray
) -> None:
    grid = Grid.make(PLANES.size, PLANES.spacing, PLANES.origin, direction)
    inside = blobs(grid)
    write_rtstruct([voxels(inside, grid)], tmp_path / "s.dcm", reference=made_series(grid))
    (back,) = read_rtstruct(tmp_path / "s.dcm").structures
    np.testing.assert_array_equal(filled(back, grid), inside)
    assert (back.name, back.number) == ("lumps", 7)


def test_the_outline_of_voxels_cuts_corners_by_half_a_pixel() -> None:
    inside = np.zeros(PLANES.shape, dtype=bool)
    inside[3, 5:15, 6:10] = inside[4, 5, 5] = True
    found = outlines(voxels(inside, PLANES), PLANES)
    assert sorted(found) == [3, 4]
    pixel = 1.5 * 2.0
    areas = {k: sum(np.linalg.norm(area_vector(c)) for c in v) for k, v in found.items()}
    assert areas[3] == pytest.approx((10 * 4 - 0.5) * pixel)
    assert areas[4] == pytest.approx(0.5 * pixel)


def test_shares_of_voxels_put_the_outline_where_the_surface_runs() -> None:
    """A ball whose voxels hold the share that is inside; its outlines are circles to a tenth of a pixel."""
    radius, centre = 15.0, PLANES.points([20, 18, 5])
    far = np.linalg.norm(PLANES.all_points() - centre, axis=-1)
    shares = np.clip(0.5 + (radius - far) / 2.0, 0, 1)
    ball = VoxelStructure("ball", Image(torch.from_numpy(shares.astype(np.float32)[None]), PLANES))
    for plane, rings in outlines(ball, PLANES).items():
        height = PLANES.points([0, 0, plane])[2] - centre[2]
        around = np.linalg.norm((rings[0] - centre)[:, :2], axis=1)
        assert len(rings) == 1
        if abs(height) < 10:
            np.testing.assert_allclose(around, np.sqrt(radius**2 - height**2), atol=0.2)


def test_voxels_on_another_grid_come_onto_the_scans_planes(tmp_path: Path) -> None:
    """A slanted box, finer than the scan: what the scan's planes cut from it."""
    start = PLANES.points([20, 18, 5.5]) - TURN @ [10.75, 10.5, 10.15]
    own = Grid.make((44, 36, 30), (0.5, 0.6, 0.7), start.tolist(), TURN)
    shares = np.zeros(own.shape, dtype=np.float32)
    shares[5:-5, 5:-5, 5:-5] = 1
    box = VoxelStructure("box", Image(torch.from_numpy(shares[None]), own))
    write_rtstruct([box], tmp_path / "s.dcm", reference=made_series(PLANES))
    (back,) = read_rtstruct(tmp_path / "s.dcm").structures
    index = own.index(PLANES.all_points())
    truly = ((index > 4.5) & (index < np.array(own.size) - 5.5)).all(axis=-1)
    wrong = filled(back, PLANES) ^ truly
    assert wrong.sum() < 0.02 * truly.sum()
    true_volume = np.prod(np.array(own.size) - 10) * own.voxel_volume
    assert area(back) * 3.0 == pytest.approx(true_volume, rel=0.02)


def test_what_reaches_beyond_the_scans_ends_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    body = surface("sphere", 30.0, at=PLANES.points([20, 18, 10]))
    inside = np.zeros(PLANES.shape, dtype=bool)
    inside[2:5, 10:20, 10:20] = True
    taller = Grid.make(PLANES.size, PLANES.spacing, PLANES.points([0, 0, -3]).tolist())
    both = [body, voxels(inside, taller), voxels(inside, PLANES, "within")]
    write_rtstruct(both, tmp_path / "s.dcm", reference=made_series(PLANES), warnings=told)
    assert told == [
        "structure 'body' reaches 12 mm beyond the planes; what lies there is not outlined",
        "structure 'lumps' reaches 3 mm beyond the planes; what lies there is not outlined",
    ]


@pytest.mark.parametrize("turn", [np.eye(3), TURN], ids=["upright", "oblique"])
def test_a_surface_is_cut_where_the_plane_lies(turn: np.ndarray) -> None:
    centre = PLANES.points([20.2, 17.7, 5.4])
    body = surface("sphere", 30.0, turn, centre)
    found = outlines(body, PLANES)
    heights = {k: PLANES.points([0, 0, k])[2] - centre[2] for k in range(12)}
    assert sorted(found) == [k for k, h in heights.items() if abs(h) < 15]
    for plane, rings in found.items():
        (ring,) = rings
        np.testing.assert_allclose(ring[:, 2], 40 + 3 * plane, atol=1e-9)
        circle = np.pi * (15**2 - heights[plane] ** 2)
        assert np.linalg.norm(area_vector(ring)) == pytest.approx(circle, rel=3e-3)


def test_a_surface_whose_triangles_share_no_points_is_cut_alike() -> None:
    """As .stl files have them."""
    body = surface("sphere", 30.0, TURN, PLANES.points([20.2, 17.7, 5.4]))
    apart = body.points[body.triangles].reshape(-1, 3)
    loose = SurfaceStructure("loose", apart, np.arange(len(apart)).reshape(-1, 3))
    one, other = outlines(body, PLANES), outlines(loose, PLANES)
    assert one.keys() == other.keys()
    for plane, rings in one.items():
        assert len(other[plane]) == 1
        areas = [np.linalg.norm(area_vector(r[0])) for r in (rings, other[plane])]
        assert areas[0] == pytest.approx(areas[1])


def test_a_surface_with_corners_on_the_planes_is_cut_into_closed_outlines() -> None:
    half = np.array([[x, y, z] for z in (46.0, 52.0) for y in (20.0, 40) for x in (-9.0, 9)])
    faces = [(0, 2, 3), (0, 3, 1), (4, 5, 7), (4, 7, 6), (0, 1, 5), (0, 5, 4), (2, 6, 7), (2, 7, 3)]
    faces += [(0, 4, 6), (0, 6, 2), (1, 3, 7), (1, 7, 5)]
    box = SurfaceStructure("box", half, np.array(faces))
    found = outlines(box, PLANES)
    assert {round(40 + 3 * k) for k in found} == {49, 52}
    for rings in found.values():
        assert [np.linalg.norm(area_vector(r)) for r in rings] == pytest.approx([360.0])


# holes


def ring(half: float, z: float = 0.0, at: tuple[float, float] = (0, 0)) -> np.ndarray:
    return rt.square(z, half) + [*at, 0]


def test_a_hole_becomes_a_keyhole_and_an_island_in_it_a_contour_of_its_own() -> None:
    found = keyholed([ring(10), ring(2), ring(6), ring(1, at=(20, 0))], UP)
    assert found is not None
    assert sorted(np.linalg.norm(area_vector(c)) for c in found) == pytest.approx([4, 16, 400 - 144])
    points = np.random.default_rng(0).uniform(-25, 25, (4000, 2))
    expected = np.logical_xor.reduce(
        [points_inside(points, r[:, :2]) for r in (ring(10), ring(2), ring(6), ring(1, at=(20, 0)))]
    )
    inside = np.logical_xor.reduce([points_inside(points, c[:, :2]) for c in found])
    np.testing.assert_array_equal(inside, expected)


def test_several_holes_of_either_sense_lie_in_one_outline_on_an_oblique_plane() -> None:
    holes = [ring(1, at=(x, y)) for x in (-6, 0, 6) for y in (-5, 5)]
    contours = [ring(10), *holes[:3], *(h[::-1] for h in holes[3:])]
    turned = [c @ TURN.T + [3, 4, 5] for c in contours]
    found = keyholed(turned, TURN[:, 2])
    assert found is not None
    assert len(found) == 1
    assert np.linalg.norm(area_vector(found[0])) == pytest.approx(400 - 6 * 4)
    given = {tuple(p) for c in turned for p in c}
    assert {tuple(p) for p in found[0]} == given
    assert np.ptp(found[0] @ TURN[:, 2]) < 1e-9
    assert on_plane(found[0], TURN[:, 2]).shape == (len(found[0]), 2)


def test_contours_that_cross_are_marked_as_joined_by_exclusive_or(tmp_path: Path) -> None:
    told: list[str] = []
    crossing = ContourStructure("cross", (ring(10, 40), ring(10, 40, at=(5, 5)), ring(10, 43)))
    write_rtstruct([crossing], tmp_path / "s.dcm", reference=made_series(), warnings=told)
    items = pydicom.dcmread(tmp_path / "s.dcm").ROIContourSequence[0].ContourSequence
    assert {i.ContourGeometricType for i in items} == {"CLOSEDPLANAR_XOR"}
    assert "contours cross or touch in 1 planes" in told[0]
    (back,) = read_rtstruct(tmp_path / "s.dcm").structures
    np.testing.assert_allclose(np.concatenate(back.contours), np.concatenate(crossing.contours))


def test_contours_stay_as_they_were_drawn(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    points = np.column_stack([10 * np.cos(np.arange(6)), 10 * np.sin(np.arange(6)), np.zeros(6)])
    drawn = tuple((points + rng.normal(size=3) * [1, 1, 0] + [0, 0, z]) @ TURN.T for z in (1.23, 4.4567, 8.9))
    told: list[str] = []
    given = ContourStructure("Organ é", drawn, number=4, colour=(1, 2, 3))
    write_rtstruct([given], tmp_path / "s.dcm", reference=made_series(PLANES), warnings=told)
    (back,) = read_rtstruct(tmp_path / "s.dcm").structures
    assert (back.name, back.number, back.colour, told) == ("Organ é", 4, (1, 2, 3), [])
    for one, other in zip(back.contours, drawn, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)


def test_a_contour_of_many_points_is_whole(tmp_path: Path) -> None:
    """More than the 64 kB that a text with an explicit value representation holds."""
    t = np.linspace(0, 2 * np.pi, 9000, endpoint=False)
    many = np.column_stack([50 * np.cos(t), 50 * np.sin(t), np.full(9000, 40.0)])
    write_rtstruct([ContourStructure("many", (many,))], tmp_path / "s.dcm", reference=made_series())
    (back,) = read_rtstruct(tmp_path / "s.dcm").structures
    np.testing.assert_allclose(back.contours[0], many, atol=1e-7)


# what is said


def test_contours_refer_to_their_slices_and_the_set_to_all(tmp_path: Path) -> None:
    grid = scan(tmp_path / "ct", TURN)
    series = image_series(tmp_path / "ct")
    assert series.grid is not None
    assert series.grid.same_space(grid, 1e-6)
    off = ContourStructure("off", tuple((rt.square(z) + [0, 0, 41.0]) @ TURN.T for z in (0, 3)))
    write_rtstruct([voxels(blobs(grid), grid), off], tmp_path / "s.dcm", reference=series)
    data = pydicom.dcmread(tmp_path / "s.dcm")
    positions = {}
    for file in series.files:
        header = pydicom.dcmread(file)
        positions[header.SOPInstanceUID] = np.array(header.ImagePositionPatient, float)
    first, second = data.ROIContourSequence
    for item in first.ContourSequence:
        here = positions[item.ContourImageSequence[0].ReferencedSOPInstanceUID]
        points = np.reshape(np.array(item.ContourData, float), (-1, 3))
        np.testing.assert_allclose((points - here) @ TURN[:, 2], 0, atol=1e-6)
    assert all("ContourImageSequence" not in item for item in second.ContourSequence)
    assert read_rtstruct(tmp_path / "s.dcm").images_missing_from(list(positions)) == ()
    assert (data.PatientID, data.StudyInstanceUID, data.FrameOfReferenceUID) == ("007", "1.2.3", "1.2.4")


def test_nothing_that_the_standard_wants_is_missing(tmp_path: Path) -> None:
    check = pytest.importorskip("pydicomrt.rs", reason="a validator").check_rtstruct_iod
    grid = scan(tmp_path / "ct")
    for reference in (image_series(tmp_path / "ct"), made_series(grid)):
        kinds = {"lumps": "ORGAN"}
        write_rtstruct([voxels(blobs(grid), grid)], tmp_path / "s.dcm", reference=reference, kinds=kinds)
        assert faults(tmp_path / "s.dcm") == []
        found = check(pydicom.dcmread(tmp_path / "s.dcm"))["content"]
        # it wants the slice that a contour refers to, which is optional (type 3)
        assert [f for f in found if reference.images or "ContourImageSequence" not in f] == []
    assert read_rtstruct(tmp_path / "s.dcm").kinds == {7: "ORGAN"}


def test_pydicomrt_fills_the_same_voxels(tmp_path: Path) -> None:
    rs = pytest.importorskip("pydicomrt.rs", reason="a second reader")
    pytest.importorskip("cv2", reason="pydicomrt fills contours with it")
    grid = scan(tmp_path / "ct", TURN)
    series, inside = image_series(tmp_path / "ct"), blobs(grid)
    write_rtstruct([voxels(inside, grid)], tmp_path / "s.dcm", reference=series)
    slices = [pydicom.dcmread(f) for f in series.files]
    placed = rs.calc_image_series_affine_mapping(slices)
    masks = rs.rtstruct_to_masks(pydicom.dcmread(tmp_path / "s.dcm"), *placed)
    found = masks["lumps"]["mask_volume"].astype(bool)
    # it rounds contours to whole pixels: the border may differ, the inside and the outside not
    from scipy.ndimage import binary_dilation, binary_erosion

    plane = np.ones((1, 3, 3), dtype=bool)
    assert not (found & ~binary_dilation(inside, plane)).any()
    assert not (binary_erosion(inside, plane) & ~found).any()


def test_numbers_and_colours_are_kept_where_they_can_be(tmp_path: Path) -> None:
    squares = [
        ContourStructure(n, (ring(5, 40), ring(5, 43)), number=k)
        for n, k in (("a", 3), ("b", None), ("c", 3), ("d", 1))
    ]
    write_rtstruct(squares, tmp_path / "s.dcm", reference=made_series())
    back = read_rtstruct(tmp_path / "s.dcm").structures
    assert {s.name: s.number for s in back} == {"a": 3, "b": 2, "c": 4, "d": 1}
    assert len({s.colour for s in back}) == 4


def test_a_structure_without_a_contour_is_left_out_with_a_warning(tmp_path: Path) -> None:
    told: list[str] = []
    empty = voxels(np.zeros(PLANES.shape, dtype=bool), PLANES, "empty")
    far = SurfaceStructure("far", surface("sphere", 10.0).points + 900, surface("sphere", 10.0).triangles)
    drawn = ContourStructure("drawn", (ring(5, 40), ring(5, 43)))
    write_rtstruct([empty, drawn, far], tmp_path / "s.dcm", reference=made_series(PLANES), warnings=told)
    assert [s.name for s in read_rtstruct(tmp_path / "s.dcm").structures] == ["drawn"]
    assert [t.split("'")[1] for t in told] == ["empty", "far"]
    with pytest.raises(InputError, match="none of 1 structures has a contour"):
        write_rtstruct([empty], tmp_path / "t.dcm", reference=made_series(PLANES))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a", "a "], "names several structures"),
        (["x" * 65], "is none in DICOM"),
        (["a\\b"], "is none in DICOM"),
    ],
)
def test_names_that_dicom_cannot_hold_are_refused(tmp_path: Path, names: list[str], words: str) -> None:
    drawn = [ContourStructure(n, (ring(5, 40),)) for n in names]
    with pytest.raises(InputError, match=words):
        write_rtstruct(drawn, tmp_path / "s.dcm", reference=made_series())
    assert list(tmp_path.iterdir()) == []


def test_voxels_without_planes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no planes to outline it on"):
        write_rtstruct([voxels(blobs(PLANES), PLANES)], tmp_path / "s.dcm", reference=made_series())


# real


def test_the_structures_of_a_clinical_plan_have_the_same_volumes_when_they_come_back(tmp_path: Path) -> None:
    """165 contours of a lung, with holes, become 88; 141 of a body 139."""
    folder = data_folder("dicom_rt", "breast")
    given = read_rtstruct(folder / "rtss.dcm")
    told: list[str] = []
    write_rtstruct(
        given.structures, tmp_path / "s.dcm", reference=image_series(folder / "ct.0.dcm"), warnings=told
    )
    back = read_rtstruct(tmp_path / "s.dcm")
    assert told == []
    assert [s.name for s in back.structures] == [s.name for s in given.structures]
    counts = {s.name: len(s.contours) for s in back.structures}
    assert (counts["Lt Lung"], counts["BODY"], counts["Heart"]) == (88, 139, 33)
    for one, other in zip(given.structures, back.structures, strict=True):
        volumes = [region_of(s, PLANES, single_mm=3.0).lines(1.0).volume_mm3 for s in (one, other)]
        assert volumes[1] == pytest.approx(volumes[0], rel=1e-5), one.name
