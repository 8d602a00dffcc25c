"""CSV tables of organs, coherence and confusion: read, or refused with file, line and column."""

import numpy as np
import pytest

from RegSuite.errors import InputError
from RegSuite.pointcloud.organs import Organ, OrganModel
from RegSuite.pointcloud.tables import read_coherence, read_confusion, read_organs


@pytest.fixture
def model():
    """Liver (label 5) before spleen (label 2)."""
    return OrganModel.made_of((Organ(5, "liver"), Organ(2, "spleen")))


@pytest.fixture
def table(tmp_path):
    """A CSV file of some text."""

    def written(text, encoding="utf-8"):
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return written


def test_organs_are_read_with_their_lengths(table):
    organs = read_organs(
        table("label,name,magnitude_mm,bandwidth_mm,outliers\n1,liver,12,40,0.05\n\n4, spleen ,8.5,,\n")
    )
    assert organs == {1: Organ(1, "liver", 12, 40, 0.05), 4: Organ(4, "spleen", 8.5, 30)}


def test_empty_cells_keep_the_values_given_before(table):
    before = {1: Organ(1, "liver", 12, 40, 0.05, "a paper", 3)}
    organs = read_organs(table("label,bandwidth_mm,magnitude_mm\n1,55,\n"), before)
    assert organs == {1: Organ(1, "liver", 12, 55, 0.05, "a paper", 3)}


def test_a_table_from_a_spreadsheet_with_a_byte_order_mark_is_read(table):
    assert read_organs(table("label,name\r\n1,Leber\r\n", "utf-8-sig")) == {1: Organ(1, "Leber")}


@pytest.mark.parametrize(
    ("text", "words", "where"),
    [
        ("name,magnitude_mm\nliver,3\n", "there is no column 'label'", "table.csv"),
        ("label,stiffness\n1,3\n", "unknown column 'stiffness'", "table.csv"),
        ("label,magnitude_mm\n1,ten\n", "'ten' is not a number", "line 2, column magnitude_mm"),
        ("label,magnitude_mm\n1.5,3\n", "'1.5' is not a label", "line 2, column label"),
        ("label,magnitude_mm\n1,3\n2,-4\n", "the magnitude is -4.0", "line 3"),
        ("label\n1\n1\n", "label 1 stands twice", "line 3"),
        ("label,magnitude_mm\n1\n", "1 cells, where the header has 2", "line 2"),
        ("label,magnitude_mm\n", "no rows below the header", "table.csv"),
        ("label;magnitude_mm\n1;3\n", "unknown column 'label;magnitude_mm'", "table.csv"),
    ],
)
def test_a_wrong_table_of_organs_is_refused_with_line_and_column(table, text, words, where):
    with pytest.raises(InputError) as error:
        read_organs(table(text))
    assert words in error.value.what
    assert where in error.value.where
    assert error.value.mend


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(InputError, match="not a readable CSV file"):
        read_organs(tmp_path / "none.csv")


def test_coherence_is_put_into_the_models_order_by_names_or_labels(table, model):
    text = "S,kidney,2,liver\nLiver,0.1,0.3,1\nspleen,0.2,1,0.4\nkidney,1,0.2,0.1\n"
    assert read_coherence(table(text), model).tolist() == [[1, 0.3], [0.4, 1]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("S,5\n5,1\n", "'spleen' (label 2) is missing"),
        ("S,5,2\n5,1,0\n", "1 rows but 2 columns"),
        ("S,5,liver,2\n5,1,1,0\n2,1,0,1\n3,1,1,1\n", "'liver' (label 5) stands twice"),
        ("S,5,2\n5,1,a\n2,0,1\n", "'a' is not a number"),
    ],
)
def test_a_coherence_that_does_not_fit_the_organs_is_refused(table, model, text, words):
    with pytest.raises(InputError) as error:
        read_coherence(table(text), model)
    assert words in error.value.what
    assert "table.csv" in error.value.where


def test_a_confusion_matrix_of_rows_true_and_columns_said_becomes_the_transition(table, model):
    transition, notes = read_confusion(table("true,spleen,liver\nspleen,90,10\nliver,0,50\n"), model)
    said_liver_is_liver = 50 / 60
    # a source point said to be liver is truly spleen in one of six, which is said spleen in nine of ten
    assert transition[1, 0] == pytest.approx((1 - said_liver_is_liver) * 0.9)
    assert transition[0, 1] == pytest.approx(0.1)
    assert transition.sum(axis=0) == pytest.approx([1, 1])
    assert notes == ()


def test_organs_that_no_point_bears_are_left_out_and_named(table, model):
    text = "true,background,2,5\nbackground,1000,3,4\n2,7,90,10\n5,9,0,50\n"
    transition, notes = read_confusion(table(text), model)
    assert transition[0, 1] == pytest.approx(0.1)
    assert notes == ("table.csv: left out, for no point bears their label: background",)


def test_an_organ_without_counts_is_refused_with_the_files_name(table, model):
    with pytest.raises(InputError, match="'spleen' is never predicted") as error:
        read_confusion(table("true,2,5\n2,0,10\n5,0,50\n"), model)
    assert "table.csv" in error.value.where


def test_what_was_read_makes_a_model(table, model):
    transition, _ = read_confusion(table("true,2,5\n2,9,1\n5,0,5\n"), model)
    made = OrganModel(model.organs, np.eye(2), transition)
    assert made.transition == pytest.approx(transition)
