"""The table of a batch: every mistake is named before anything runs."""

from __future__ import annotations

import pytest

from RegSuite.backend.batch.manifest import read_manifest
from RegSuite.backend.batch.names import folder_name
from RegSuite.errors import InputError


@pytest.fixture
def folder(tmp_path):
    """Files that stand for images (a manifest is checked without reading them)."""
    for place in ("a.nii.gz", "b.nrrd", "s1/t1.nii.gz", "s2/t1.nii.gz", "labels.nii.gz", "atlas.nii.gz"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text("")
    return tmp_path


def rows_of(folder, text: str, encoding: str = "utf-8", **common):
    (folder / "manifest.csv").write_text(text, encoding=encoding)
    return read_manifest(folder / "manifest.csv", "register", common)


def test_a_row_has_its_files_beside_the_manifest_its_name_and_its_own_parameters(folder):
    text = "fixed,moving,fixed-labels,method,seed,name\na.nii.gz,b.nrrd,labels.nii.gz,rigid,7,first\n"
    (row,) = rows_of(folder, text, method="affine", device="cpu")
    assert (row.name, row.line, row.workflow) == ("first", 2, "register")
    assert row.inputs == {
        "fixed": str(folder / "a.nii.gz"),
        "moving": str(folder / "b.nrrd"),
        "fixed_labels": str(folder / "labels.nii.gz"),
    }
    assert (row.parameters["method"], row.parameters["seed"], row.parameters["device"]) == ("rigid", 7, "cpu")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_any_spreadsheet_are_read(folder, separator):
    lines = ["Fixed,Moving,Initial", "a.nii.gz,b.nrrd,center-of-mass", ",,", "b.nrrd,a.nii.gz,"]
    text = "\r\n".join(line.replace(",", separator) for line in lines) + "\r\n"
    rows = rows_of(folder, text, "utf-8-sig")
    assert [row.name for row in rows] == ["b_to_a", "a_to_b"]
    assert [row.line for row in rows] == [2, 4]
    assert rows[0].inputs["initial"] == "center-of-mass"
    assert "initial" not in rows[1].inputs


def test_files_of_the_same_name_take_their_folders_name(folder):
    rows = rows_of(folder, "fixed,moving\natlas.nii.gz,s1/t1.nii.gz\natlas.nii.gz,s2/t1.nii.gz\n")
    assert [row.name for row in rows] == ["s1_t1_to_atlas", "s2_t1_to_atlas"]


def test_every_mistake_is_named_with_its_line_and_column(folder):
    text = (
        "fixed,moving,preset,method,threads_,name\n".replace(",threads_", ",seed")
        + "a.nii.gz,nowhere.nii.gz,,,,one\n"
        + "a.nii.gz,,,,,two\n"
        + "a.nii.gz,b.nrrd,brain-mir,,,three\n"
        + "a.nii.gz,b.nrrd,,afine,,four\n"
        + "a.nii.gz,b.nrrd,,,-1,five\n"
        + "a.nii.gz,b.nrrd,,,,ONE\n"
    )
    with pytest.raises(InputError) as raised:
        rows_of(folder, text)
    words = raised.value.what
    assert words.startswith("6 mistakes in the manifest, nothing was run")
    assert f"line 2, column moving: {folder / 'nowhere.nii.gz'} does not exist" in words
    assert "line 3, column moving: the cell is empty" in words
    assert "line 4, column preset: " in words
    assert "did you mean 'brain-mri'" in words
    assert "line 5, column method: " in words
    assert "line 6, column seed: " in words
    assert "line 7, column name: 'ONE' is the name of line 2 too" in words
    assert "relative to the manifest's folder" in raised.value.mend


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no header"),
        ("fixed,moving\n", "no rows"),
        ("fixed,moving\n,\n", "no rows"),
        ("fixed,moving,fixed\na,b,c\n", "'fixed' stands there twice"),
        ("fixed,,moving\na,b,c\n", "column 2 has no name"),
        ("fixed,moving,fixed_label\na.nii.gz,b.nrrd,\n", "did you mean 'fixed_labels'"),
        ("fixed,moving,threads\na.nii.gz,b.nrrd,4\n", "no such column: 'threads'"),
        ("fixed,moving\na.nii.gz,b.nrrd,c\n", "3 cells, the header 2"),
        ("fixed,moving,workflow\na.nii.gz,b.nrrd,regster\n", "no workflow 'regster'"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(folder, text, words):
    with pytest.raises(InputError) as raised:
        rows_of(folder, text)
    assert words in str(raised.value)


def test_a_file_that_is_no_text_or_is_missing_is_refused(folder):
    (folder / "x.csv").write_bytes(b"fixed,moving\n\xff\xfe,\x80\n")
    with pytest.raises(InputError, match="no UTF-8"):
        read_manifest(folder / "x.csv", "register", {})
    with pytest.raises(InputError, match="cannot be read"):
        read_manifest(folder / "nowhere.csv", "register", {})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("sub 01/x", "sub_01_x"),
        ("..", "row"),
        ("ÄÖ-1.5", "ÄÖ-1.5"),
        ("con", "con_"),
        ("a\\b:c*", "a_b_c"),
        ("Summary.html", "Summary.html_"),
    ],
)
def test_a_name_is_one_that_every_system_gives_to_a_folder(text, name):
    assert folder_name(text) == name
