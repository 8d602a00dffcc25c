"""RT Structure Sets: contours as drawn, what is left out and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from RegSuite.errors import InputError
from RegSuite.io.contours import area_vector
from RegSuite.io.rtstruct import read_rtstruct
from Testing.io import rt


def area(contour: np.ndarray) -> float:
    return float(np.linalg.norm(area_vector(contour)))


@pytest.mark.parametrize("implicit", [False, True])
def test_contours_come_as_they_are_drawn(tmp_path: Path, implicit: bool) -> None:
    outer, hole = rt.square(5), rt.square(5, 3) + [0.25, 0, 0]
    path = rt.structure_set(
        tmp_path / "s.dcm",
        [
            ("Organ", [rt.contour(outer), rt.contour(hole), rt.contour(rt.square(8))]),
            ("PTV", [rt.contour(outer)]),
        ],
        implicit=implicit,
    )
    found = read_rtstruct(path)
    assert [s.name for s in found.structures] == ["Organ", "PTV"]
    assert [s.number for s in found.structures] == [1, 2]
    assert found.structures[1].colour == (2, 20, 30)
    np.testing.assert_array_equal(found.structures[0].contours[0], outer)
    np.testing.assert_array_equal(found.structures[0].contours[1], hole)
    assert len(found.structures[0].contours) == 3
    assert (found.frame_of_reference, found.label, found.sop_instance) == (rt.FRAME, "plan", "1.2.3.6")
    assert found.kinds == {1: "ORGAN", 2: "ORGAN"}


def test_a_keyhole_contour_stays_one_contour_with_the_hole_taken_off_its_area(tmp_path: Path) -> None:
    outer, inner = rt.square(0), rt.square(0, 4)[::-1]
    keyhole = np.concatenate([outer, outer[:1], inner, inner[:1]])
    path = rt.structure_set(tmp_path / "s.dcm", [("Ring", [rt.contour(keyhole)])])
    (ring,) = read_rtstruct(path).structures
    assert len(ring.contours) == 1
    np.testing.assert_array_equal(ring.contours[0], keyhole)
    assert area(ring.contours[0]) == pytest.approx(20**2 - 8**2)


def test_a_first_point_that_is_repeated_at_the_end_counts_once(tmp_path: Path) -> None:
    closed = np.concatenate([rt.square(0), rt.square(0)[:1]])
    (only,) = read_rtstruct(rt.structure_set(tmp_path / "s.dcm", [("a", [rt.contour(closed)])])).structures
    assert only.contours[0].shape == (4, 3)


def test_oblique_planes_are_taken_and_xor_contours_too(tmp_path: Path) -> None:
    turn = np.array([[0.6, -0.48, 0.64], [0.8, 0.36, -0.48], [0.0, 0.8, 0.6]])
    drawn = [rt.contour(np.round(rt.square(z) @ turn.T, 2), "CLOSEDPLANAR_XOR") for z in (0, 3, 6)]
    (only,) = read_rtstruct(rt.structure_set(tmp_path / "s.dcm", [("a", drawn)])).structures
    assert [area(c) for c in only.contours] == pytest.approx([400] * 3, rel=1e-3)
    normal = area_vector(only.contours[0])
    assert abs(normal @ turn[:, 2]) == pytest.approx(400, rel=1e-3)


def test_what_is_no_volume_is_left_out_with_its_reason(tmp_path: Path) -> None:
    sagittal = rt.square(0)[:, [2, 0, 1]]
    bent = rt.square(0) + np.array([[0, 0, 0], [0, 0, 5], [0, 0, 0], [0, 0, 0]])
    path = rt.structure_set(
        tmp_path / "s.dcm",
        [
            ("Good", [rt.contour(rt.square(0))]),
            ("Empty", []),
            ("Isocentre", [rt.contour([0, 0, 0], "POINT")]),
            ("Wire", [rt.contour(rt.square(0), "OPEN_PLANAR"), rt.contour(rt.square(1), "OPEN_PLANAR")]),
            ("Cross", [rt.contour(rt.square(0)), rt.contour(sagittal)]),
            ("Bent", [rt.contour(bent)]),
            ("Line", [rt.contour([[0, 0, 0], [1, 0, 0], [2, 0, 0]])]),
            ("Elsewhere", [rt.contour(rt.square(0))]),
        ],
        frames={8: "1.2.3.999"},
    )
    told: list[str] = []
    found = read_rtstruct(path, warnings=told)
    assert [s.name for s in found.structures] == ["Good"]
    assert found.left_out["Empty"] == "it has no contours"
    assert found.left_out["Isocentre"] == "it has no closed contours, only 1 POINT"
    assert found.left_out["Wire"] == "it has no closed contours, only 2 OPEN_PLANAR"
    assert "turned by 90 degrees" in found.left_out["Cross"]
    assert "not flat" in found.left_out["Bent"]
    assert found.left_out["Line"] == "none of its contours has an area"
    assert "1.2.3.999" in found.left_out["Elsewhere"]
    assert len(told) == 7
    assert all(any(f"'{name}' is left out" in t for t in told) for name in found.left_out)


def test_open_contours_beside_closed_ones_are_left_out_with_a_warning(tmp_path: Path) -> None:
    drawn = [rt.contour(rt.square(0)), rt.contour(rt.square(3), "OPEN_PLANAR"), rt.contour([[0, 0, 6]] * 2)]
    told: list[str] = []
    (only,) = read_rtstruct(rt.structure_set(tmp_path / "s.dcm", [("a", drawn)]), warnings=told).structures
    assert len(only.contours) == 1
    assert "1 OPEN_PLANAR left out" in told[0]
    assert "fewer than 3 points" in told[1]


def test_two_structures_of_one_name_are_refused_with_their_numbers(tmp_path: Path) -> None:
    one = [rt.contour(rt.square(0))]
    path = rt.structure_set(tmp_path / "s.dcm", [("PTV", one), ("Cord", one), ("PTV ", one)])
    with pytest.raises(InputError, match="2 structures are called 'PTV': ROI 1 and ROI 3") as found:
        read_rtstruct(path)
    assert found.value.exit_status == 2


def test_of_two_of_one_name_the_one_with_contours_keeps_it(tmp_path: Path) -> None:
    one = [rt.contour(rt.square(0))]
    told: list[str] = []
    path = rt.structure_set(
        tmp_path / "s.dcm", [("PTV", []), ("PTV ", one), ("", one), ("Cord", one), ("", [])]
    )
    found = read_rtstruct(path, warnings=told)
    assert [(s.name, s.number) for s in found.structures] == [("PTV", 2), ("ROI 3", 3), ("Cord", 4)]
    assert set(found.left_out) == {"PTV (ROI 1)", "ROI 5"}
    assert told[0].endswith("2 structures are called 'PTV'; those without contours are now PTV (ROI 1)")
    assert "without a name are called ROI 3, ROI 5" in told[1]


def test_structures_are_chosen_by_name_and_those_that_are_none_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    one = [rt.contour(rt.square(0))]
    wire = [rt.contour(rt.square(0), "OPEN_PLANAR")]
    regions = [("PTV", one), ("Cord", one), ("Wire", wire), ("Empty", [])]
    found = read_rtstruct(rt.structure_set(tmp_path / "s.dcm", regions))
    assert [s.name for s in found.chosen(["Cord", "PTV"])] == ["Cord", "PTV"]
    for name, words in (
        ("Wire", "structure 'Wire' cannot be used: it has no closed contours, only 1 OPEN_PLANAR"),
        ("Empty", "structure 'Empty' cannot be used: it has no contours"),
        ("Chord", "there is no structure 'Chord'; did you mean 'Cord'"),
    ):
        with pytest.raises(InputError, match=words) as refused:
            found.chosen(["PTV", name])
        assert refused.value.exit_status == 2


@pytest.mark.parametrize("characters", ["ISO_IR 100", "ISO_IR 192"])
def test_names_keep_their_letters(tmp_path: Path, characters: str) -> None:
    one = [rt.contour(rt.square(0))]
    path = rt.structure_set(
        tmp_path / "s.dcm", [("Parotis rechts über 26 Gy", one)], SpecificCharacterSet=characters
    )
    assert read_rtstruct(path).structures[0].name == "Parotis rechts über 26 Gy"


def test_no_structure_at_all_is_an_error(tmp_path: Path) -> None:
    path = rt.structure_set(tmp_path / "s.dcm", [("Isocentre", [rt.contour([0, 0, 0], "POINT")])])
    with pytest.raises(InputError, match="1 regions but none with closed contours"):
        read_rtstruct(path)


def broken(**tags: object) -> Dataset:
    item = rt.contour(rt.square(0))
    rt.set_tags(item, tags)
    return item


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"NumberOfContourPoints": 5}, "ContourData has 12 numbers for 5 points"),
        ({"ContourData": ["0"] * 11}, "ContourData has 11 numbers"),
        ({"ContourData": None}, "ContourData is missing"),
    ],
)
def test_contours_that_do_not_add_up_are_refused(tmp_path: Path, tags: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_rtstruct(rt.structure_set(tmp_path / "s.dcm", [("a", [broken(**tags)])]))


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = rt.structure_set(tmp_path / "s.dcm", [("a", [rt.contour(rt.square(7.125))])])
    for bad, words in ((b"x.125", "no number"), (b"NaN  ", "not finite"), (b"1e999", "not finite")):
        (tmp_path / "t.dcm").write_bytes(path.read_bytes().replace(b"7.125", bad, 1))
        with pytest.raises(InputError, match=words):
            read_rtstruct(tmp_path / "t.dcm")


def test_numbers_given_twice_and_contours_of_nobody_are_refused(tmp_path: Path) -> None:
    import pydicom

    path = rt.structure_set(tmp_path / "s.dcm", [(n, [rt.contour(rt.square(0))]) for n in "ab"])
    data = pydicom.dcmread(path)
    data.StructureSetROISequence[1].ROINumber = 1
    data.save_as(tmp_path / "t.dcm")
    with pytest.raises(InputError, match="ROINumber 1 is given to several"):
        read_rtstruct(tmp_path / "t.dcm")
    data.StructureSetROISequence[1].ROINumber = 7
    data.save_as(tmp_path / "u.dcm")
    with pytest.raises(InputError, match="region 2 has no name"):
        read_rtstruct(tmp_path / "u.dcm")
