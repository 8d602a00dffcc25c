"""An accumulated course as nodes: doses, isodoses, structures, DVH chart, metrics, marks, fractions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.mrml import display
from RegSuite.mrml.dose_display import highest, show_dose, show_spread
from RegSuite.mrml.dose_made import DOSES, ISODOSES, PLANNING, SPREAD, STRUCTURES, Made
from RegSuite.mrml.dose_marks import marks_in_steps
from RegSuite.mrml.dose_result_tables import fractions_in_steps, tables_in_steps
from RegSuite.mrml.dose_volumes import mark_dose
from RegSuite.mrml.hierarchy import result_folder
from RegSuite.mrml.isodoses import isodoses_in_steps
from RegSuite.mrml.nodes import is_node
from RegSuite.mrml.segmentations import refer_to_volume
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.structure_making import segmentation_of_structures
from RegSuite.mrml.volume_making import volume_in_steps
from RegSuite.mrml.voxels import values_of
from RegSuite.report.dose_colours import isodose_levels, round_top

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent


def dose_nodes_in_steps(
    content: SceneContent, targets: Mapping[str, Any] | None = None
) -> Steps[dict[str, Any]]:
    """Make the nodes of an accumulated course in `slicer.mrmlScene`, in steps; they are returned by role.

    Items that are nodes (the user's planning volume and segmentation) stand for themselves and are not
    changed. Beside the roles of the workflow: "isodoses" is the first of the isodose models, "dvh_chart"
    the plot chart, "fractions" the browser. All of it lies in a subject hierarchy folder of the result's
    name. Doses are marked as SlicerRT marks them, so that its modules take them.
    """
    made = Made(content, dict(targets or {}))
    yield from _inputs(made)
    yield from _doses(made)
    yield from _spread_and_marks(made)
    yield from _isodoses(made)
    yield from tables_in_steps(made)
    yield from fractions_in_steps(made)
    _mark(made)
    result_folder(content.name, {str(number): node for number, node in enumerate(made.own)})
    return made.by_role


def _inputs(made: Made) -> Steps[None]:
    """The planning scan and the structures: the user's own nodes, or new ones."""
    planning = made.content.item(PLANNING)
    if is_node(planning):
        made.by_role[PLANNING] = planning
    elif planning is not None:
        node = yield from volume_in_steps(planning, name="Planning scan")
        display.show_grey(node, display.own_window(node))
        made.take(PLANNING, node)
    structures = made.content.item(STRUCTURES)
    if is_node(structures):
        made.by_role[STRUCTURES] = structures
    elif structures:
        node = yield from segmentation_of_structures(structures, name="Structures")
        display.show_labels(node, filled=False)
        refer_to_volume(node, made.by_role.get(PLANNING))
        made.take(STRUCTURES, node)


def _doses(made: Made) -> Steps[None]:
    """The doses, all on one scale, with a legend each."""
    for role, words in DOSES.items():
        item = made.content.item(role)
        if item is None:
            continue
        target = made.targets.get(role)
        node = yield from volume_in_steps(item, name=None if target else made.name(words), node=target)
        mark_dose(node)
        made.take(role, node)
        yield
    physical = [role for role in DOSES if role in made.by_role and role != "accumulated_eqd2"]
    for roles, title in ((physical, "Dose (Gy)"), (["accumulated_eqd2"], "EQD2 (Gy)")):
        nodes = [made.by_role[role] for role in roles if role in made.by_role]
        top = highest([values_of(node.GetImageData()) for node in nodes])
        for node in nodes:
            show_dose(node, top, title=title)
            yield


def _spread_and_marks(made: Made) -> Steps[None]:
    spread = made.content.item(SPREAD)
    if spread is not None:
        target = made.targets.get(SPREAD)
        name = None if target else made.name("standard deviation of the dose")
        node = yield from volume_in_steps(spread, name=name, node=target)
        show_spread(node)
        made.take(SPREAD, node)
    marks = made.content.item("marks")
    if marks is not None:
        node = yield from marks_in_steps(
            marks, name=made.name("dose unknown"), node=made.targets.get("marks")
        )
        made.take("marks", node)


def _isodoses(made: Made) -> Steps[None]:
    dose = made.by_role.get("accumulated_dose")
    if dose is None:
        return
    top = highest([values_of(dose.GetImageData())])
    models = yield from isodoses_in_steps(dose, isodose_levels(top), round_top(top)[0])
    if models:
        made.take(ISODOSES, *models)


def _mark(made: Made) -> None:
    """What made the nodes, from what."""
    record = made.content.record
    facts = {
        "schema": record.schema_,
        "version": record.versions.get("RegSuite"),
        "workflow": record.workflow,
        "method": record.method,
    }
    sources = {role: made.by_role[role] for role in (PLANNING, STRUCTURES) if role in made.by_role}
    outputs = {role: node for role, node in made.by_role.items() if role not in sources}
    for role, node in outputs.items():
        for key, value in {**facts, "role": role}.items():
            if value is not None:
                node.SetAttribute(f"RegSuite.{key}", value)
        for name, source in sources.items():
            node.SetNodeReferenceID(f"RegSuite.{name}", source.GetID())
