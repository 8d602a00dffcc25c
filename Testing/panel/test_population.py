"""A row a subject, the worst first, in the panel and as a table node."""

import math

import pytest

from Testing.panel.records import a_result, words_of


def population():
    """The file under test; it imports slicer, which stands only inside a test."""
    from RegSuite.panel import population

    return population


def Subject(*arguments, **measures):
    return population().Subject(*arguments, **measures)


def worst_first(subjects):
    return population().worst_first(subjects)


def test_failed_subjects_come_first_then_the_lowest_dice():
    rows = worst_first(
        [Subject("a", dice_mean=0.9), Subject("b", status="no overlap"), Subject("c", dice_mean=0.6)]
    )
    assert [s.name for s in rows] == ["b", "c", "a"]


def test_without_labels_the_largest_landmark_error_is_worst():
    rows = worst_first([Subject("a", tre_mm=1.0), Subject("b", tre_mm=4.0)])
    assert [s.name for s in rows] == ["b", "a"]


@pytest.mark.parametrize(("measure", "worst"), [("lncc", "low"), ("ssd", "high")])
def test_without_either_the_similarity_decides_by_its_own_direction(measure, worst):
    rows = worst_first(
        [
            Subject("high", similarity=measure, similarity_after=0.9),
            Subject("low", similarity=measure, similarity_after=0.2),
        ]
    )
    assert rows[0].name == worst


def test_a_measure_that_one_subject_lacks_does_not_order_them():
    rows = worst_first(
        [
            Subject("a", dice_mean=0.5, tre_mm=1.0),
            Subject("b", tre_mm=3.0),
            Subject("c", dice_mean=0.9, tre_mm=2.0),
        ]
    )
    assert [s.name for s in rows] == ["b", "c", "a"]


def test_a_row_holds_what_the_result_measured():
    row = population().subject_of("atlas to scan", a_result())
    assert (row.dice_mean, row.tre_mm, row.folded_percent, row.seconds) == (0.875, 0.9, 0.0, 12.4)
    assert (row.similarity, row.similarity_before, row.similarity_after) == ("lncc", 0.41, 0.86)
    assert row.verdict == "Within the limits"


def test_what_was_not_measured_is_no_number_in_the_table():
    table = population().columns([Subject("a", status="broken")])
    assert table["status"] == ["broken"]
    assert math.isnan(table["dice_mean"][0])


def test_the_summary_counts_and_names_the_worst():
    rows = [Subject("a", dice_mean=0.9), Subject("b", dice_mean=0.61), Subject("c", status="x")]
    assert population().sentence(rows) == "2 of 3 registered; the worst is b (Dice 0.61)."


def test_the_panels_table_tells_which_row_was_clicked_and_makes_a_node(scene):
    from RegSuite.panel.population_table import PopulationTable

    chosen = []
    table = PopulationTable(chosen.append)
    worst = table.show([Subject("a", dice_mean=0.9, seconds=3.0), Subject("b", status="no overlap")])
    assert worst == "a"
    assert [table.table.item(row, 0).text() for row in range(2)] == ["b", "a"]
    heads = [table.table.horizontalHeaderItem(column).text() for column in range(table.table.columnCount)]
    assert heads == ["Moving image", "Dice", "Time", "Verdict"]  # no landmarks, no Jacobian: no such columns
    assert table.table.item(0, 3).text() == "no overlap"
    assert table.table.item(1, 1).text() == "0.900"
    table._clicked(1, 0)
    assert chosen == ["a"]
    node = scene.GetFirstNodeByName("Population")
    assert node.GetCellText(0, 0) == "b"
    assert "1 of 2 registered" in words_of(table.summary)


def test_why_a_subject_failed_stands_above_the_table_the_first_of_many(scene):
    from RegSuite.panel.population_table import PopulationTable

    table = PopulationTable(lambda _name: None)
    table.show([Subject("a"), *(Subject(f"b{i}", status=f"reason {i}") for i in range(6))])
    words = words_of(table.summary)
    assert "b0: reason 0" in words
    assert "and 2 more: see the log" in words
    assert "reason 5" not in words


def test_no_subject_is_called_the_worst_where_nothing_tells_which_it_is():
    unlike = (("a", "mi", 1.2), ("b", "lncc", 0.3))
    rows = [
        population().Subject(n, similarity=s, similarity_after=v, folded_percent=0.0) for n, s, v in unlike
    ]
    assert population().sentence(rows) == "2 of 2 registered."
    assert [row.name for row in population().worst_first(rows)] == ["a", "b"]


def test_the_worst_by_similarity_is_said_to_be_only_that():
    rows = [Subject(n, similarity="mi", similarity_after=v) for n, v in (("a", 1.4), ("b", 1.2))]
    words = "2 of 2 registered; the worst is b (MI 1.2; accuracy not measured)."
    assert population().sentence(rows) == words
