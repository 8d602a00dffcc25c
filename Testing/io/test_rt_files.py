"""Real radiotherapy files: pydicom's own, and scans with structures; the numbers were checked by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from matplotlib.path import Path as Polygon
from pydicom.data import get_testdata_file

from RegSuite.errors import DoseError, GeometryError, InputError
from RegSuite.geometry import ContourStructure
from RegSuite.io import read_image
from RegSuite.io.contours import area_vector
from RegSuite.io.image_series import image_series
from RegSuite.io.rtdose import read_dose
from RegSuite.io.rtplan import read_plan
from RegSuite.io.rtstruct import StructureSet, read_rtstruct
from RegSuite.io.structures import read_structures
from Testing.data import data_folder

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR")


def areas(structure: ContourStructure) -> list[float]:
    return [float(np.linalg.norm(area_vector(c))) for c in structure.contours]


def named(found: StructureSet, name: str) -> ContourStructure:
    return next(s for s in found.structures if s.name == name)


# pydicom's files


@pytest.mark.parametrize("name", ["rtdose", "rtdose_rle", "rtdose_expb"])
def test_pydicoms_dose_is_relative_and_else_has_these_values(tmp_path: Path, name: str) -> None:
    """Stored 795000 to 1254000, sum 1519910000, times 1e-6; 10 x 10 x 15 voxels of 10 x 10 x 5 mm."""
    path = Path(get_testdata_file(f"{name}.dcm"))
    with pytest.raises(DoseError, match="DoseUnits is RELATIVE"):
        read_dose(path)
    data = pydicom.dcmread(path)
    data.DoseUnits = "GY"
    data.save_as(tmp_path / "gy.dcm")
    dose = read_dose(tmp_path / "gy.dcm")
    values = dose.image.data
    assert (float(values.min()), float(values.max())) == pytest.approx((0.795, 1.254))
    assert float(values.double().sum()) == pytest.approx(1519.91, rel=1e-6)
    assert dose.image.grid.size == (10, 10, 15)
    np.testing.assert_allclose(dose.image.grid.spacing, (10, 10, 5))
    np.testing.assert_allclose(dose.image.grid.origin, (189.43125, 199.43125, -761.87))
    assert dose.summation == "BEAM"
    assert dose.plans == ("1.2.123.456.78.9.0123.4567.89012345678901",)


@pytest.mark.parametrize("name", ["rtdose_1frame", "rtdose_rle_1frame", "rtdose_expb_1frame"])
def test_pydicoms_dose_of_one_frame_keeps_the_offsets_of_fifteen_and_is_refused(
    tmp_path: Path, name: str
) -> None:
    data = pydicom.dcmread(get_testdata_file(f"{name}.dcm"))
    data.DoseUnits = "GY"
    data.save_as(tmp_path / "gy.dcm")
    with pytest.raises(GeometryError, match="15 plane offsets for 1 frame"):
        read_dose(tmp_path / "gy.dcm")
    data.GridFrameOffsetVector = [0.0]
    data.save_as(tmp_path / "one.dcm")
    dose = read_dose(tmp_path / "one.dcm")
    assert float(dose.image.data.double().sum()) == pytest.approx(101.378, rel=1e-6)


def test_pydicoms_structure_set_without_a_preamble_is_read() -> None:
    """Three contours of 400 x 300 mm, 10 mm apart; two of 5 points with one on an edge; two isocentres."""
    found = read_rtstruct(get_testdata_file("rtstruct.dcm"))
    (patient,) = found.structures
    assert (patient.name, patient.number, patient.colour) == ("patient", 1, (220, 160, 120))
    assert areas(patient) == pytest.approx([120000] * 3)
    assert [len(c) for c in patient.contours] == [4, 5, 5]
    assert [c[0, 2] for c in patient.contours] == [-200, -190, -180]
    assert set(found.left_out) == {"Isocenter 1", "Isocenter 2"}
    assert found.kinds == {1: "EXTERNAL", 2: "ISOCENTER", 3: "ISOCENTER"}


def test_pydicoms_plan_is_read_and_its_cut_off_copy_refused() -> None:
    plan = read_plan(get_testdata_file("rtplan.dcm"))
    assert (plan.label, plan.fractions, plan.beams) == ("Plan1", 30, ("Field 1",))
    np.testing.assert_allclose(plan.isocentres, [(235.711173, 244.135437, -724.978154)], atol=1e-6)
    with pytest.raises(InputError, match="cut short or damaged: an element of 976 bytes"):
        read_plan(get_testdata_file("rtplan_truncated.dcm"))


# scans with structures


def test_the_breast_set_has_nine_structures_on_98_slices() -> None:
    folder = data_folder("dicom_rt", "breast")
    told: list[str] = []
    found = read_rtstruct(folder / "rtss.dcm", warnings=told)
    counts = {s.name: len(s.contours) for s in found.structures}
    assert counts == {
        "BODY": 141,
        "Borders": 2,
        "Breast": 48,
        "Heart": 33,
        "Lt Lung": 165,
        "Nodes": 4,
        "Scar": 6,
        "Tumor Bed": 18,
        "Tumor Bed Block": 24,
    }
    assert dict(found.left_out) == {"Areola": "it has no contours"}
    assert len(told) == 1
    assert named(found, "Heart").colour == (255, 128, 0)
    assert found.kinds[5] == "ORGAN"
    body = sorted({float(c[0, 2]) for c in named(found, "BODY").contours})
    assert (body[0], body[-1], len(body)) == (-122.44, 168.56, 98)
    np.testing.assert_allclose(np.diff(body), 3.0)
    assert 3 * sum(areas(named(found, "Heart"))) / 1000 == pytest.approx(439.7, abs=0.1)
    scan = image_series(folder / "ct.0.dcm")
    assert scan.frame_of_reference == found.frame_of_reference
    assert scan.images[0][1] in found.referenced_images
    assert len(found.images_missing_from([scan.images[0][1]])) == 97


def test_the_breast_plan_belongs_to_the_structure_set() -> None:
    folder = data_folder("dicom_rt", "breast")
    plan = read_plan(folder / "rtplan.dcm")
    assert (plan.fractions, plan.beams) == (7, ("3 RAO", "4 AP", "5 LAO", "6 LPO"))
    np.testing.assert_allclose(plan.isocentres, [(72.53, -304.34, -9.31)], atol=0.01)
    assert plan.structure_set == read_rtstruct(folder / "rtss.dcm").sop_instance


def filled(structure: ContourStructure, folder: Path) -> tuple[int, float, float]:
    """Voxels with their centre in a contour of their slice (matplotlib), their volume in mm^3 and mean."""
    image = read_image(folder)
    voxels = image.data[0].numpy()
    inside = np.zeros(voxels.shape, dtype=bool)
    y, x = np.indices(voxels.shape[1:])
    for contour in structure.contours:
        index = image.grid.index(contour)
        hit = Polygon(index[:, :2]).contains_points(np.stack([x.ravel(), y.ravel()], axis=1))
        inside[round(float(index[0, 2]))] ^= hit.reshape(x.shape)
    return int(inside.sum()), float(inside.sum() * image.grid.voxel_volume), float(voxels[inside].mean())


@pytest.mark.slow
def test_the_ibsi_phantom_has_the_published_volume_and_mean() -> None:
    """IBSI: 359000 +- 5000 mm^3 and -46.9 HU."""
    folder = data_folder("dicom_rt", "lung_pat_1")
    found = read_rtstruct(folder / "DCM_RS_00060.dcm")
    (tumour,) = found.structures
    assert (tumour.name, len(tumour.contours)) == ("GTV-1", 26)
    assert 3 * sum(areas(tumour)) == pytest.approx(358661, abs=5)
    count, volume, mean = filled(tumour, folder)
    assert volume == pytest.approx(359000, abs=5000)
    assert count == pytest.approx(125256, rel=2e-4)
    assert mean == pytest.approx(-46.9, abs=0.1)
    assert found.images_missing_from([uid for _, uid in image_series_of(folder, "DCM_IMG*")]) == ()


def image_series_of(folder: Path, pattern: str) -> list[tuple[str, str]]:
    return [image_series(file).images[0] for file in sorted(folder.glob(pattern))]


def test_the_second_lung_has_a_lesion_of_seven_contours() -> None:
    folder = data_folder("dicom_rt", "lung_pat_2")
    (tumour,) = read_rtstruct(folder / "DCM_RS_00041.dcm").structures
    assert len(tumour.contours) == 7
    count, volume, mean = filled(tumour, folder)
    assert (count, volume) == (pytest.approx(2256, abs=5), pytest.approx(6460, abs=20))
    assert mean == pytest.approx(-257.7, abs=1)


def test_the_mock_head_has_a_square_with_a_square_cut_at_a_corner_in_it() -> None:
    """24 x 24 mm, and 15 x 15 mm less a corner of 0.5 mm^2, both at z = 60."""
    folder = data_folder("dicom_rt", "head_mock")
    (only,) = read_rtstruct(folder / "rt.dcm").structures
    assert areas(only) == pytest.approx([576, 224.5])
    assert {float(z) for c in only.contours for z in c[:, 2]} == {60.0}


def test_references_to_slices_that_are_not_there_can_be_told() -> None:
    folder = data_folder("dicom_rt", "head_mock")
    present = [uid for _, uid in image_series_of(folder, "ct_*.dcm")]
    assert read_rtstruct(folder / "rt.dcm").images_missing_from(present) == ()
    found = read_rtstruct(folder / "invalid_reference_rt.dcm")
    assert len(found.structures) == 4
    assert len(found.images_missing_from(present)) == 3
    without = read_rtstruct(folder / "non_existent_reference_rt.dcm")
    assert [s.name for s in without.structures] == ["ROI-1", "ROI-2", "ROI-3", "ROI-4"]


def test_the_contour_stacks_of_two_plans_have_the_names_and_volumes_of_their_system() -> None:
    """Eclipse's volumes in cc; half a slice capped at each end, contours joined by exclusive or."""
    folder = data_folder("dose", "prostate", "structures")
    found = read_structures(folder, names=data_folder("dose", "names.csv"), space="RAS")
    eclipse = {
        "BODY": 10593.0,
        "Bladder": 116.8,
        "Femoral Head Lt": 49.2,
        "Femoral Head RT": 50.0,
        "PTV": 48.6,
        "Rectum": 30.3,
    }
    volumes = {s.name: 2.5 * sum(areas(s)) / 1000 for s in found if isinstance(s, ContourStructure)}
    assert volumes == pytest.approx(eclipse, rel=0.015)
    head = data_folder("dose", "ent", "structures")
    assert len(read_structures(head, names=data_folder("dose", "names.csv"), space="RAS")) == 16


def test_the_prostate_dose_is_in_gy() -> None:
    dose = read_dose(data_folder("dose", "prostate", "EclipseProstate_Dose.nrrd"))
    assert dose.image.grid.size == (136, 86, 92)
    assert float(dose.image.data.max()) == pytest.approx(47.08, abs=0.01)
