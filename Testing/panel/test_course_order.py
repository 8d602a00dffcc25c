"""An order of a course: nodes within it are found again, missed by their places, and seen to change."""

import numpy as np
import pytest

from RegSuite.errors import InputError
from Testing.modules import course

pytestmark = pytest.mark.slicer


@pytest.fixture
def nodes(scene):
    return course.nodes()


@pytest.fixture
def order(nodes):
    from RegSuite.panel.node_refs import NodeRef, refs_of
    from RegSuite.panel.order import Order
    from RegSuite.workflows.dose import WORKFLOW

    planning, structures, rows = nodes
    given = {
        "planning": {"image": planning, "structures": structures},
        "fractions": [{"image": r.image, "dose": r.dose, "fractions": r.count} for r in rows],
        "samples": 7,
    }
    return Order(WORKFLOW, {"course": refs_of(given)}, shown={"planning": NodeRef.of(planning)})


def test_every_node_of_a_course_is_called_by_its_place(order):
    assert [title for title, _ref in order.refs()] == [
        "Planning image",
        "Planning structures",
        "Fraction 1 image",
        "Fraction 1 dose",
        "Fraction 2 image",
        "Fraction 2 dose",
    ]


def test_a_course_is_given_back_with_its_nodes(order, nodes):
    found = order.present("course")
    assert found["planning"]["image"] is nodes[0]
    assert found["fractions"][1]["dose"] is nodes[2][1].dose
    assert found["fractions"][1]["fractions"] == 2.0
    assert found["samples"] == 7
    assert order.nodes() == {"planning": nodes[0]}


def test_a_dose_that_is_deleted_before_it_was_read_is_named_by_its_fraction(order, nodes, scene):
    scene.RemoveNode(nodes[2][1].dose)
    with pytest.raises(InputError, match="'dose 2' was deleted before it had been read") as refused:
        order.present("course")
    assert refused.value.where == "Fraction 2 dose"
    assert order.missing() == [
        "Fraction 2 dose 'dose 2' was deleted while the run went on: the result is shown without it."
    ]


def test_what_was_moved_or_overwritten_meanwhile_is_said(order, nodes):
    import slicer

    before = order.states()
    assert order.changed(before) == []
    slicer.util.updateVolumeFromArray(nodes[2][0].dose, np.ones((4, 4, 4)))
    nodes[0].SetOrigin(1, 2, 3)
    said = order.changed(before)
    assert [sentence.split(" was moved")[0] for sentence in said] == [
        "Planning image 'plan'",
        "Fraction 1 dose 'dose 1'",
    ]
