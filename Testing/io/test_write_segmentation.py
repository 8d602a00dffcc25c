"""DICOM Segmentations as written: voxels at their places, codes, references."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image, VoxelStructure
from RegSuite.io.image_series import image_series, made_series
from RegSuite.io.structure_codes import organ_of
from RegSuite.io.write_rtdose import write_rtdose
from RegSuite.io.write_segmentation import label_structures, write_segmentation
from Testing.io import rt
from Testing.io.conformance import faults
from Testing.io.scans import TURN, scan

pytest.importorskip("highdicom", reason="segmentations need highdicom: pip install 'regsuite[dicom]'")


def labels_on(grid: Grid, seed: int = 0) -> Image:
    """Boxes of labels 2 and 5, and some noise of both."""
    values = np.zeros(grid.shape, dtype=np.int32)
    values[2:6, 5:15, 4:20], values[5:9, 10:30, 15:35] = 2, 5
    noise = np.random.default_rng(seed).random(grid.shape)
    values[noise > 0.99], values[noise < 0.01] = 2, 5
    return Image(torch.from_numpy(values[None]), grid)


def placed(path: Path) -> dict[int, set[tuple[float, ...]]]:
    """Segment number -> places (LPS mm, to 0.001) of its voxels, by pydicom alone."""
    data = pydicom.dcmread(path)
    frames = np.unpackbits(np.frombuffer(data.PixelData, np.uint8), bitorder="little")
    frames = frames[: data.NumberOfFrames * data.Rows * data.Columns].reshape(-1, data.Rows, data.Columns)
    shared = data.SharedFunctionalGroupsSequence[0]
    axes = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float).reshape(2, 3)
    rows, columns = (float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing)
    out: dict[int, set[tuple[float, ...]]] = {}
    for frame, group in zip(frames, data.PerFrameFunctionalGroupsSequence, strict=True):
        # what is the same for all frames is said once
        named = group if "SegmentIdentificationSequence" in group else shared
        number = named.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        start = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        j, i = np.nonzero(frame)
        points = start + np.outer(i * columns, axes[0]) + np.outer(j * rows, axes[1])
        out.setdefault(number, set()).update(map(tuple, (np.round(points, 3) + 0.0).tolist()))
    return out


def truly(labels: Image, label: int) -> set[tuple[float, ...]]:
    held = np.argwhere(labels.data[0].numpy() == label)[:, ::-1]
    return set(map(tuple, (np.round(labels.grid.points(held), 3) + 0.0).tolist()))


@pytest.mark.parametrize(
    "direction", [np.eye(3), TURN, TURN * [1, 1, -1]], ids=["axial", "oblique", "mirrored"]
)
def test_every_voxel_of_a_label_lies_in_its_segment_at_its_place(
    tmp_path: Path, direction: np.ndarray
) -> None:
    upright = scan(tmp_path / "ct", TURN if direction is not None and direction[0, 0] != 1 else None)
    grid = Grid.make(upright.size, upright.spacing, upright.origin, direction)
    labels = labels_on(grid)
    given = label_structures(labels, {2: "Liver", 5: "PTV 60"})
    write_segmentation(given, tmp_path / "s.dcm", source=image_series(tmp_path / "ct"))
    found = placed(tmp_path / "s.dcm")
    assert sorted(found) == [1, 2]
    for number, label in ((1, 2), (2, 5)):
        ours, theirs = (np.array(sorted(s)) for s in (truly(labels, label), found[number]))
        np.testing.assert_allclose(theirs, ours, atol=2e-3)


def test_highdicom_gives_the_labels_back_on_the_scans_grid(tmp_path: Path) -> None:
    import highdicom as hd

    grid = scan(tmp_path / "ct", TURN)
    labels = labels_on(grid)
    write_segmentation(label_structures(labels), tmp_path / "s.dcm", source=image_series(tmp_path / "ct"))
    volume = hd.seg.segread(tmp_path / "s.dcm").get_volume(combine_segments=True)
    at = grid.points([[7.0, 9, 3], [20, 20, 7], [0, 0, 11]])
    index = np.round(volume.map_reference_to_indices(at)).astype(int)
    expected = [labels.data[0, 3, 9, 7], labels.data[0, 7, 20, 20], labels.data[0, 11, 0, 0]]
    number = {0: 0, 2: 1, 5: 2}
    inside = ((index >= 0) & (index < volume.spatial_shape)).all(axis=1)
    found = [int(volume.array[tuple(i)]) if k else 0 for i, k in zip(index, inside, strict=True)]
    assert found == [number[int(v)] for v in expected]


def test_codes_labels_colours_and_references_are_as_they_should_be(tmp_path: Path) -> None:
    grid = scan(tmp_path / "ct")
    series = image_series(tmp_path / "ct")
    names = {2: "Lung_L", 5: "Something else"}
    given = label_structures(labels_on(grid), names, {2: (255, 0, 0)})
    uid = write_segmentation(given, tmp_path / "s.dcm", source=series, label="PROPAGATED")
    data = pydicom.dcmread(tmp_path / "s.dcm")
    lung, other = data.SegmentSequence
    kind = lung.SegmentedPropertyTypeCodeSequence[0]
    assert (lung.SegmentLabel, kind.CodeValue, kind.CodeMeaning) == ("Lung_L", "39607008", "Lung")
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue == "7771000"
    assert "RecommendedDisplayCIELabValue" in lung
    assert other.SegmentedPropertyTypeCodeSequence[0].CodeValue == "91723000"
    assert (data.SOPInstanceUID, data.FrameOfReferenceUID) == (uid, series.frame_of_reference)
    assert (data.PatientID, data.StudyInstanceUID, data.ContentLabel) == ("007", "1.2.3", "PROPAGATED")
    used = {i.ReferencedSOPInstanceUID for i in data.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    assert used == {uid for _, uid in series.images}
    assert faults(tmp_path / "s.dcm") == []


def test_segments_may_overlap_and_refer_to_a_dose_that_was_written(tmp_path: Path) -> None:
    grid = Grid.make((12, 10, 8), (2.0, 2.5, 3.0), (5.0, -4.0, 9.0), TURN)
    values = torch.linspace(0, 60, grid.voxels).reshape(1, *grid.shape)
    written = write_rtdose(Image(values, grid), tmp_path / "d.dcm", reference=made_series())
    marks = [
        VoxelStructure(n, Image((values > t).float(), grid)) for n, t in (("folded", 30), ("outside", 20))
    ]
    write_segmentation(marks, tmp_path / "s.dcm", source=written.series, anatomical=False)
    found = placed(tmp_path / "s.dcm")
    assert [len(found[n]) for n in (1, 2)] == [int((values > t).sum()) for t in (30, 20)]
    data = pydicom.dcmread(tmp_path / "s.dcm")
    assert data.SegmentSequence[0].SegmentedPropertyCategoryCodeSequence[0].CodeValue == "309825002"
    used = data.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert [i.ReferencedSOPInstanceUID for i in used] == [written.sop_instance]
    assert data.FrameOfReferenceUID == written.series.frame_of_reference


def test_names_of_organs_have_codes() -> None:
    organ = organ_of("rt Kidney")
    assert organ is not None
    assert (organ.code, organ.side) == ("64033007", ("24028007", "Right"))
    assert organ_of("PTV 60") is None


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    grid = scan(tmp_path / "ct")
    series = image_series(tmp_path / "ct")
    one, two = label_structures(labels_on(grid))
    with pytest.raises(InputError, match="there is no structure"):
        write_segmentation([], tmp_path / "s.dcm", source=series)
    with pytest.raises(InputError, match="files of the image that the segmentation refers to"):
        write_segmentation([one], tmp_path / "s.dcm", source=made_series())
    moved = Grid.make(grid.size, grid.spacing, (0.0, 0.0, 0.0))
    elsewhere = VoxelStructure("elsewhere", Image(two.inside.data, moved))
    with pytest.raises(GeometryError, match="'label 2' and 'elsewhere' lie on different grids"):
        write_segmentation([one, elsewhere], tmp_path / "s.dcm", source=series)
    assert not (tmp_path / "s.dcm").exists()


def test_without_highdicom_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(name: str, *more: Any, **others: Any) -> Any:
        if name == "highdicom":
            raise ImportError(name)
        return whole(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"regsuite\[dicom\]"):
        write_segmentation([], tmp_path / "s.dcm", source=made_series())


def test_a_dose_names_its_frame_of_reference_for_what_refers_to_it(tmp_path: Path) -> None:
    path = rt.dose(
        tmp_path / "d.dcm",
        np.ones((3, 4, 5), dtype=np.uint16),
        SeriesInstanceUID="1.2.8",
        StudyInstanceUID="1.2.3",
    )
    series = image_series(path)
    assert (series.frame_of_reference, series.images) == (rt.FRAME, ((rt.RT_DOSE, "1.2.3.4"),))
