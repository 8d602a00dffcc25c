"""Where a result came from."""

import hashlib

import pytest

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.machine import peak_memory_mb
from RegSuite.report.provenance import input_record, sha256, versions


def test_the_hash_of_a_file_is_sha256_of_its_bytes(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"voxels" * 1000)
    assert sha256(path) == hashlib.sha256(b"voxels" * 1000).hexdigest()


def test_a_folder_has_a_hash_that_any_change_of_name_or_content_changes(tmp_path):
    def folder(name, files):
        for file, content in files.items():
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_bytes(content)
        return sha256(tmp_path / name)

    first = folder("a", {"1.dcm": b"x", "sub/2.dcm": b"y"})
    assert folder("b", {"sub/2.dcm": b"y", "1.dcm": b"x"}) == first
    assert folder("c", {"1.dcm": b"x", "sub/3.dcm": b"y"}) != first
    assert folder("d", {"1.dcm": b"x", "sub/2.dcm": b"z"}) != first


@pytest.mark.parametrize(
    ("header", "text", "files"),
    [
        ("a.mhd", "NDims = 3\nElementDataFile = a.raw\n", ["a.raw"]),
        ("a.mhd", "ElementDataFile = LIST\n1.raw\n2.raw\n", ["1.raw", "2.raw"]),
        ("a.mhd", "ElementDataFile = s%02d.raw 1 3 2\n", ["s01.raw", "s03.raw"]),
        ("a.nhdr", "NRRD0004\ndata file: sub/a.raw\n", ["sub/a.raw"]),
        ("a.hdr", "", ["a.img"]),
    ],
)
def test_the_hash_of_a_header_changes_with_every_file_of_its_voxels(tmp_path, header, text, files):
    (tmp_path / "sub").mkdir()
    (tmp_path / header).write_text(text)
    for name in files:
        (tmp_path / name).write_bytes(b"voxels")
    before = sha256(tmp_path / header)
    assert sha256(tmp_path / header) == before
    for name in files:
        (tmp_path / name).write_bytes(b"VOXELS")
        after = sha256(tmp_path / header)
        assert after != before
        before = after


def test_an_input_is_recorded_with_its_grid(tmp_path):
    path = tmp_path / "a.nii"
    path.write_bytes(b"")
    record = input_record(path, Grid.make((4, 5, 6), (1.0, 2.0, 3.0)))
    assert (record.size, record.spacing) == ((4, 5, 6), (1.0, 2.0, 3.0))
    with pytest.raises(InputError, match="cannot be read"):
        input_record(tmp_path / "none.nii")


def test_versions_name_what_decides_a_result_and_memory_is_a_plausible_number():
    assert {"RegSuite", "python", "platform", "torch", "numpy", "SimpleITK"} <= set(versions())
    assert all(isinstance(v, str) and v for v in versions().values())
    peak = peak_memory_mb()
    assert peak is None or 10 < peak < 1e6
