"""Organs: labels, coherence S and transition U, accepted or refused in words."""

import numpy as np
import pytest

from RegSuite.errors import InputError
from RegSuite.pointcloud.organs import Organ, OrganModel
from RegSuite.pointcloud.organs_coherence import nearest_coherence
from RegSuite.pointcloud.organs_transition import transition_from_confusion


def two(coherence="organ", transition=None):
    """A model of a liver (label 5) and a spleen (label 2)."""
    return OrganModel.made_of((Organ(5, "liver"), Organ(2, "spleen")), coherence, transition)


def three(coherence):
    """A model of three organs with some coherence."""
    return OrganModel.made_of(tuple(Organ(k, n) for k, n in enumerate(("a", "b", "c"))), np.array(coherence))


def test_labels_of_both_clouds_become_organs_once_each_with_their_names():
    model = OrganModel.of([3, 1, 1], [1, 7], {1: "liver"}, magnitude_mm=4, bandwidth_mm=20)
    assert [(o.label, o.name) for o in model.organs] == [(1, "liver"), (3, "label 3"), (7, "label 7")]
    assert all((o.magnitude_mm, o.bandwidth_mm) == (4, 20) for o in model.organs)
    assert np.array_equal(model.coherence, np.eye(3))
    assert np.array_equal(model.transition, np.eye(3))


def test_global_coherence_is_one_everywhere():
    assert np.array_equal(two("global").coherence, np.ones((2, 2)))


def test_labels_find_their_place_in_the_models_own_order():
    assert two().indices(np.array([2, 5, 5, 2])).tolist() == [1, 0, 0, 1]
    assert two().indices(None, 3).tolist() == [0, 0, 0]


def test_a_label_that_no_organ_has_is_named():
    with pytest.raises(InputError, match=r"label 9 of point 1 is not among the organs\n.*5 liver, 2 spleen"):
        two().indices(np.array([2, 9]))


def test_outliers_are_the_organs_own_or_the_runs():
    model = OrganModel.made_of((Organ(1, "a", outliers=0.3), Organ(2, "b")))
    assert model.outliers(0.1).tolist() == [0.3, 0.1]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"magnitude_mm": 0.0}, "the magnitude is 0.0, not above 0 mm"),
        ({"bandwidth_mm": float("nan")}, "the bandwidth is nan, not above 0 mm"),
        ({"translation_mm": -1.0}, "the translation is -1.0"),
        ({"outliers": 1.0}, "the share of outliers is 1.0, not from 0 to below 1"),
        ({"finer": ((3.0, -5.0),)}, "the bandwidth is -5.0"),
    ],
)
def test_elastic_properties_that_cannot_be_are_refused_with_the_organs_name(values, words):
    with pytest.raises(InputError, match=words) as error:
        Organ(4, "liver", **values)
    assert error.value.where == "organ 'liver' (label 4)"


def test_the_deviation_of_an_organ_is_that_of_all_its_scales():
    assert Organ(1, "a", 4.0, 30.0, translation_mm=3.0, finer=((12.0, 9.0),)).deviation_mm == pytest.approx(
        13
    )


def test_a_label_that_stands_twice_is_refused():
    with pytest.raises(InputError, match="label 1 stands twice"):
        OrganModel.made_of((Organ(1, "a"), Organ(1, "b")))


def test_matrices_are_copies_that_nobody_writes_to():
    given = np.eye(2)
    model = two(given, given)
    given[0, 1] = 5
    assert model.coherence[0, 1] == model.transition[0, 1] == 0
    with pytest.raises(ValueError, match="read-only"):
        model.coherence[0, 0] = 2


def test_a_coherence_that_is_not_symmetric_names_both_organs_and_numbers():
    with pytest.raises(InputError, match=r"0.3 in one direction, 0.5 in the other") as error:
        two(np.array([[1, 0.3], [0.5, 1]]))
    assert error.value.where == "coherence S, 'liver' with 'spleen'"
    assert "0.4" in error.value.mend


def test_an_indefinite_coherence_is_refused_with_the_nearest_one_that_can_be():
    impossible = [[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]]
    with pytest.raises(InputError, match=r"not positive semidefinite \(eigenvalue -0.8\)") as error:
        three(impossible)
    nearest = nearest_coherence(impossible)
    assert f"{nearest[0, 1]:.3f}" in error.value.mend
    assert three(nearest).coherence == pytest.approx(nearest)


def test_the_nearest_coherence_is_the_projection_that_analysis_gives():
    # by symmetry the answer has the same off-diagonal size c with eigenvalue 1 - 2 c = 0
    nearest = nearest_coherence([[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]])
    assert np.abs(nearest) == pytest.approx(np.where(np.eye(3) == 1, 1, 0.5), abs=1e-6)
    possible = np.array([[2, 0.5], [0.5, 1]])
    assert nearest_coherence(possible) == pytest.approx(possible)


def test_coherence_may_be_negative_or_of_rank_one():
    assert two(np.array([[1, -1], [-1, 1]])).coherence[0, 1] == -1


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.eye(3), r"shape \(3, 3\), not \(2, 2\)"),
        (np.array([[1, np.nan], [np.nan, 1]]), "nan is not a number"),
        (np.array([[0, 0], [0, 1]]), "coherence with itself is 0, not above 0"),
    ],
)
def test_a_matrix_that_cannot_be_a_coherence_is_refused_in_words(matrix, words):
    with pytest.raises(InputError, match=words) as error:
        two(matrix)
    assert "coherence S" in error.value.where
    assert error.value.mend


def test_a_coherence_of_another_name_is_refused():
    with pytest.raises(InputError, match="there is no coherence 'local'"):
        two("local")


def test_columns_of_the_transition_sum_to_one_and_its_rows_are_the_targets_labels():
    # of the liver's points one in five is taken for spleen, of the spleen's none for liver
    model = two(transition=np.array([[0.8, 0.0], [0.2, 1.0]]))
    liver, spleen = model.indices(np.array([5, 2]))
    assert model.transition[spleen, liver] == pytest.approx(0.2)
    assert model.transition[liver, spleen] == 0


def test_a_transposed_transition_is_told_so():
    with pytest.raises(InputError, match=r"the column of U sums to 0.8, not 1") as error:
        two(transition=np.array([[0.8, 0.2], [0.0, 1.0]]))
    assert error.value.where == "transition U, source 'liver'"
    assert "transpose" in error.value.mend


def test_columns_that_do_not_sum_to_one_and_negative_ones_are_refused():
    with pytest.raises(InputError, match=r"sums to 3, not 1"):
        two(transition=np.array([[1, 0], [2, 1]]))
    with pytest.raises(InputError, match=r"a probability of -0.5") as error:
        two(transition=np.array([[1.5, 0], [-0.5, 1]]))
    assert error.value.where == "transition U, target 'spleen', source 'liver'"


def test_probabilities_written_with_three_digits_are_taken_and_sum_to_one_exactly():
    model = three(np.eye(3))
    written = np.full((3, 3), 0.333)
    assert OrganModel(model.organs, np.eye(3), written).transition.sum(axis=0) == pytest.approx(1, abs=1e-15)


def test_the_transition_from_counts_is_the_papers_sum_over_true_organs():
    counts = np.array([[90.0, 10.0], [40.0, 60.0]])  # rows true, columns said
    said_of_true = counts / counts.sum(axis=1, keepdims=True)
    true_of_said = counts / counts.sum(axis=0)
    transition = transition_from_confusion(counts, ["a", "b"])
    for t in range(2):
        for s in range(2):
            assert transition[t, s] == pytest.approx(
                sum(said_of_true[k, t] * true_of_said[k, s] for k in range(2))
            )
    assert transition.sum(axis=0) == pytest.approx(1)
    assert abs(transition[0, 1] - transition[1, 0]) > 0.1  # so the order of its indices matters


def test_the_transition_from_counts_is_what_two_segmentations_of_the_same_points_show():
    generator = np.random.default_rng(1)
    truth = generator.choice(3, 200_000, p=[0.6, 0.3, 0.1])
    errs = np.array([[0.9, 0.1, 0.0], [0.05, 0.8, 0.15], [0.2, 0.0, 0.8]])  # rows true, columns said
    draws = [
        (generator.random(len(truth))[:, None] > errs[truth].cumsum(axis=1)).sum(axis=1) for _ in range(2)
    ]
    counts = np.zeros((3, 3))
    np.add.at(counts, (truth, draws[0]), 1)
    seen = np.zeros((3, 3))
    np.add.at(seen, (draws[1], draws[0]), 1)  # target label, source label
    assert transition_from_confusion(counts, "abc") == pytest.approx(seen / seen.sum(axis=0), abs=0.01)


def test_counts_without_mistakes_give_identity():
    assert transition_from_confusion(np.diag([7.0, 3.0]), ["a", "b"]) == pytest.approx(np.eye(2))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (np.array([[5, -1], [0, 5]]), "a count of -1"),
        (np.array([[5, 0], [0, 0]]), "'spleen' is never true"),
        (np.array([[5, 0], [3, 0]]), "'spleen' is never predicted"),
    ],
)
def test_counts_that_say_nothing_of_an_organ_are_refused(counts, words):
    with pytest.raises(InputError, match=words):
        transition_from_confusion(counts, ["liver", "spleen"])
