"""A course without its window: from a parameter node to an accumulated dose in the scene."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel.course_state import CourseState, FractionRow
from RegSuite.panel.logic import WorkflowLogic
from RegSuite.panel.node_refs import NodeRef, refs_of
from RegSuite.panel.order import Order


class CourseLogic(WorkflowLogic):
    """Runs a workflow whose one input is a course; `state` of its parameter node holds scan and fractions."""

    def state(self, parameters: Any) -> CourseState:
        """Scan, structures and fractions that the parameter node remembers."""
        return CourseState(parameters.parameterNode)

    def set_course(
        self, parameters: Any, planning: Any, structures: Any, fractions: Sequence[FractionRow]
    ) -> None:
        """Choose nodes, as a person does in the panel."""
        from RegSuite.panel.course_state import PLANNING, STRUCTURES

        state = self.state(parameters)
        state.set_node(PLANNING, planning)
        state.set_node(STRUCTURES, structures)
        state.set_rows(fractions)

    def order(
        self,
        parameters: Any,
        *,
        folder: Path | None = None,
        overwrite: bool = False,
        moving: Any = None,
        subject: str = "",
    ) -> Order:
        """What the parameter node asks for. Raises InputError for the first thing a run would refuse."""
        from RegSuite.panel.check_course import check_course
        from RegSuite.panel.parameter_node import parameters_of

        values = parameters_of(parameters, self.workflow)
        state = self.state(parameters)
        for finding in check_course(state, values):
            if finding.severity == "error":
                raise InputError(finding.what, where=finding.where, mend=finding.mend)
        nodes = {} if state.file is not None else {"planning": state.planning, "structures": state.structures}
        return Order(
            workflow=self.workflow,
            given={"course": refs_of(state.course())},
            parameters={**values, "dicom": True},  # for the button that exports it
            folder=folder,
            overwrite=overwrite,
            scene=bool(values.get("scene", True)),
            name=_name(state),
            subject=subject,
            shown={role: NodeRef.of(node) for role, node in nodes.items()},
        )


def _name(state: CourseState) -> str:
    """'Dose on CT', as the result is called."""
    on = state.file.stem if state.file is not None else str(state.planning.GetName())
    return str(_("Dose on {name}").format(name=on))
