"""Damaged and hostile radiotherapy files: an object or an InputError, in little time and memory."""

from __future__ import annotations

import logging
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io import read_image
from RegSuite.io.dicom_extent import DEEPEST
from RegSuite.io.dicom_file import RT_DOSE, read_dicom
from RegSuite.io.dose_origin import DoseOrigin
from RegSuite.io.image_series import image_series, made_series
from RegSuite.io.registration_objects import read_registrations
from RegSuite.io.rtdose import read_dose
from RegSuite.io.rtstruct import read_rtstruct
from RegSuite.io.structures import read_structures
from RegSuite.io.transforms import load_transform
from RegSuite.io.write_rtdose import write_rtdose
from Testing.io import dicom, reg, rt
from Testing.io.test_rtdose import marked

SECONDS, BYTES = 2.0, 64 << 20
FLIPPED = 150


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """pydicom warns of what it finds in broken files."""
    logger = logging.getLogger("pydicom")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logger.setLevel(before)


def a_dose(folder: Path) -> Path:
    return rt.dose(folder / "dose.dcm", marked())


def a_compressed_dose(folder: Path) -> Path:
    import pydicom

    data = pydicom.dcmread(a_dose(folder))
    data.compress("1.2.840.10008.1.2.5")
    data.save_as(folder / "rle.dcm")
    return folder / "rle.dcm"


def a_structure_set(folder: Path) -> Path:
    drawn = [rt.contour(rt.square(z)) for z in (0, 3, 6)]
    return rt.structure_set(folder / "set.dcm", [("Organ", drawn), ("PTV", drawn[:1])])


def an_implicit_structure_set(folder: Path) -> Path:
    drawn = [rt.contour(rt.square(z)) for z in (0, 3, 6)]
    return rt.structure_set(folder / "set.dcm", [("Organ", drawn)], implicit=True)


def a_matrix(folder: Path) -> Path:
    return reg.spatial(folder / "reg.dcm", (reg.FIXED, [np.eye(4)]), (reg.MOVING, [np.eye(4)]))


def a_deformation(folder: Path) -> Path:
    vectors = np.random.default_rng(0).normal(size=(3, 4, 5, 3))
    return reg.deformable(folder / "def.dcm", vectors, pre=np.eye(4), post=np.eye(4))


def a_partial_deformation(folder: Path) -> Path:
    """Without its last element's meaning: what is undefined in it is NaN."""
    vectors = np.random.default_rng(0).normal(size=(3, 4, 5, 3))
    vectors[1, 1, 1] = np.nan
    return reg.deformable(
        folder / "part.dcm", vectors, pre=np.eye(4), post=2 * np.eye(4) - np.diag([0, 0, 0, 1])
    )


def a_written_dose(folder: Path) -> Path:
    grid = Grid.make((6, 5, 4), (2.0, 3.0, 2.5), (1.0, 2.0, 3.0))
    image = Image(torch.rand((1, *grid.shape), generator=torch.Generator().manual_seed(0)), grid)
    write_rtdose(image, folder / "written.dcm", reference=made_series(), origin=DoseOrigin(("1.2.3.5",)))
    return folder / "written.dcm"


def a_reference_dose(folder: Path) -> Path:
    uids = {"SeriesInstanceUID": "1.2.8", "StudyInstanceUID": "1.2.3"}
    return rt.dose(folder / "ref.dcm", marked(), **uids)


def a_reference_set(folder: Path) -> Path:
    drawn = [rt.contour(rt.square(z)) for z in (0, 3, 6)]
    uids = {"SeriesInstanceUID": "1.2.8", "StudyInstanceUID": "1.2.3"}
    return rt.structure_set(folder / "ref.dcm", [("Organ", drawn)], **uids)


def a_reference_slice(folder: Path) -> Path:
    dicom.write_slice(folder / "slice.dcm", (1.0, 2.0, 3.0), dicom.slice_values(0), PatientID="007")
    return folder / "slice.dcm"


KINDS: list[tuple[Callable[[Path], Path], Callable[[Path], Any]]] = [
    (a_dose, read_dose),
    (a_compressed_dose, read_dose),
    (a_structure_set, read_rtstruct),
    (an_implicit_structure_set, read_rtstruct),
    (a_matrix, read_registrations),
    (a_deformation, read_registrations),
    (a_partial_deformation, load_transform),
    (a_written_dose, read_dose),
]
HEADS: list[tuple[Callable[[Path], Path], Callable[[Path], Any]]] = [
    (a_reference_dose, image_series),
    (a_reference_set, image_series),
    (a_reference_slice, image_series),
]
"""Read for their head alone, which may be whole where the file is not."""
IDS = [make.__name__ for make, _ in KINDS]


def answer(read: Callable[[Path], Any], path: Path, seconds_allowed: float = SECONDS) -> str:
    """'read' or 'refused'; anything but an InputError with words goes through."""
    tracemalloc.start()
    start = time.process_time()
    refused = None
    try:
        read(path)
    except InputError as error:
        refused = error
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < seconds_allowed
    assert peak < BYTES
    assert refused is None or (refused.what and refused.where)
    return "read" if refused is None else "refused"


@pytest.mark.parametrize(("make", "read"), KINDS, ids=IDS)
def test_a_file_that_is_cut_off_is_refused_or_lacks_whole_elements_at_its_end(
    tmp_path: Path, make: Callable[[Path], Path], read: Callable[[Path], Any]
) -> None:
    """DICOM has no length: a file that ends just after an element looks whole; no other does."""
    path = make(tmp_path)
    whole, cut = path.read_bytes(), tmp_path / "cut.dcm"
    read(path)  # imports what it needs
    for length in [*range(0, len(whole), 100), *range(len(whole) - 40, len(whole))]:
        cut.write_bytes(whole[:length])
        said = answer(read, cut)
        assert said == "refused" or not needed(whole[length:]), length
    assert answer(read, path) == "read"


def needed(rest: bytes) -> bool:
    """Whether what was cut off begins within an element or with one that a reader needs."""
    return rest[:4] not in (b"\x06\x30\x80\x00",)  # RTROIObservationsSequence


@pytest.mark.parametrize(("make", "read"), HEADS, ids=[make.__name__ for make, _ in HEADS])
def test_of_a_file_that_is_cut_off_the_head_is_read_or_refused(
    tmp_path: Path, make: Callable[[Path], Path], read: Callable[[Path], Any]
) -> None:
    path = make(tmp_path)
    whole, cut = path.read_bytes(), tmp_path / "cut.dcm"
    read(path)
    said = []
    for length in range(0, len(whole), 37):
        cut.write_bytes(whole[:length])
        said.append(answer(read, cut))
    assert said[0] == "refused"
    assert {"read", "refused"} >= set(said)


@pytest.mark.parametrize(("make", "read"), [*KINDS, *HEADS], ids=[*IDS, *(m.__name__ for m, _ in HEADS)])
def test_flipped_bytes_end_in_an_object_or_in_words(
    tmp_path: Path, make: Callable[[Path], Path], read: Callable[[Path], Any]
) -> None:
    path = make(tmp_path)
    whole, hurt = path.read_bytes(), tmp_path / "hurt.dcm"
    read(path)  # imports what it needs
    said = []
    for seed in range(FLIPPED):
        generator = np.random.default_rng(seed)
        values = np.frombuffer(whole, np.uint8).copy()
        places = generator.integers(100, len(values), size=1 + seed % 4)
        values[places] ^= generator.integers(1, 256, size=len(places)).astype(np.uint8)
        hurt.write_bytes(values.tobytes())
        said.append(answer(read, hurt))
    assert "refused" in said


def test_a_series_with_a_damaged_slice_ends_in_an_image_or_in_words(tmp_path: Path) -> None:
    folder = dicom.write_series(tmp_path / "ct", (0, 3, 6, 9))
    hurt = sorted(folder.iterdir())[1]
    whole = hurt.read_bytes()
    read_image(folder)
    said = []
    for seed in range(FLIPPED // 3):
        generator = np.random.default_rng(seed)
        values = np.frombuffer(whole, np.uint8).copy()
        places = generator.integers(100, len(values), size=1 + seed % 4)
        values[places] ^= generator.integers(1, 256, size=len(places)).astype(np.uint8)
        hurt.write_bytes(values.tobytes())
        # ITK itself takes 2 s to refuse some lengths
        said.append(answer(read_image, folder, 10.0))
    assert set(said) == {"read", "refused"}


@pytest.mark.parametrize("ending", [".vtp", ".stl"])
def test_surfaces_that_are_cut_off_end_in_words(tmp_path: Path, ending: str) -> None:
    pytest.importorskip("vtk", reason="surfaces need vtk: pip install 'regsuite[surfaces]'")
    from Testing.io.test_structures import BOX, FACES, poly_data, write

    triangles = [[f[i] for i in t] for f in FACES for t in ((0, 1, 2), (0, 2, 3))]
    path = write(poly_data(BOX, polys=triangles), tmp_path / f"whole{ending}")
    whole, cut = path.read_bytes(), tmp_path / f"cut{ending}"
    for length in range(0, len(whole) - 20, 100):
        cut.write_bytes(whole[:length])
        assert answer(read_structures, cut) == "refused", length
    assert answer(read_structures, path) == "read"


def nested(depth: int) -> bytes:
    """That many sequences of undefined length, each in the one item of the one before."""
    begin = b"\x0e\x30\x10\x00SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return begin * depth + end * depth


def test_sequences_nested_beyond_reason_are_refused(tmp_path: Path) -> None:
    whole, deep = a_structure_set(tmp_path).read_bytes(), tmp_path / "deep.dcm"
    deep.write_bytes(whole + nested(5))
    assert answer(read_rtstruct, deep) == "read"
    deep.write_bytes(whole + nested(DEEPEST + 1))
    with pytest.raises(InputError, match=f"nested more than {DEEPEST} deep"):
        read_rtstruct(deep)
    deep.write_bytes(whole + nested(20_000))
    assert answer(read_rtstruct, deep) == "refused"


def test_sizes_that_a_file_only_claims_are_not_believed(tmp_path: Path) -> None:
    path = rt.dose(tmp_path / "d.dcm", marked(), Rows=65535, Columns=65535)
    with pytest.raises(InputError, match="PixelData has 120 bytes where"):
        read_dose(path)
    assert answer(read_dose, path) == "refused"
    data = a_compressed_dose(tmp_path)
    import pydicom

    big = pydicom.dcmread(data)
    big.Rows = big.Columns = 65535
    big.save_as(tmp_path / "big.dcm")
    assert answer(read_dose, tmp_path / "big.dcm") == "refused"


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pydicom
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    data = pydicom.dcmread(a_dose(tmp_path))
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.DoseComment = "x" * 60
    data.save_as(tmp_path / "packed.dcm")
    assert read_dose(tmp_path / "packed.dcm").image.grid.voxels == 60
    monkeypatch.setattr("RegSuite.io.dicom_file.UNPACKED_BYTES", 100)
    with pytest.raises(InputError, match="unpacks to more than"):
        read_dose(tmp_path / "packed.dcm")


def test_compressed_planes_that_are_not_there_are_refused(tmp_path: Path) -> None:
    whole = a_compressed_dose(tmp_path).read_bytes()
    first = whole.index(b"\xfe\xff\x00\xe0", whole.index(b"\xe0\x7f\x10\x00"))
    none = whole[: first + 8] + b"\xfe\xff\xdd\xe0\0\0\0\0"
    far = whole[: first + 12] + b"\xff\xff\xff\x7f" + whole[first + 16 :]  # of the second plane
    for content in (none, far):
        (tmp_path / "none.dcm").write_bytes(content)
        assert answer(read_dose, tmp_path / "none.dcm") == "refused"


@pytest.mark.parametrize("content", [b"", b"DICM", b"\x08\x00" * 400, b"\0" * 128 + b"DICM", b"{}" * 500])
def test_what_is_no_dicom_is_called_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.dcm").write_bytes(content)
    with pytest.raises(InputError, match="no DICOM|cut short|cannot be read"):
        read_dicom(tmp_path / "x.dcm", {RT_DOSE: "RT Dose"})


def test_zeros_after_the_last_element_are_padding(tmp_path: Path) -> None:
    path = a_dose(tmp_path)
    path.write_bytes(path.read_bytes() + b"\0" * 7)
    assert read_dose(path).image.grid.voxels == 60
    path.write_bytes(path.read_bytes() + b"garbage")
    assert answer(read_dose, path) == "refused"
