"""A module without its window: from a parameter node to a job, and from there to nodes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from RegSuite.errors import InputError
from RegSuite.panel.listener import Listener
from RegSuite.panel.node_refs import NodeRef, refs_of
from RegSuite.panel.node_run import NodeRun, RunEnd
from RegSuite.panel.order import Order

if TYPE_CHECKING:
    from RegSuite.backend.job import Job
    from RegSuite.workflows.model import Workflow


class WorkflowLogic(ScriptedLoadableModuleLogic):
    """Runs one workflow on nodes; no widget in it. workflow_name: as `RegSuite.workflows` lists it."""

    workflow_name: ClassVar[str]

    @property
    def workflow(self) -> Workflow:
        """The workflow this module is made from."""
        from RegSuite.workflows import get_workflow

        return get_workflow(self.workflow_name)

    def getParameterNode(self) -> Any:
        """The parameter node of this scene, wrapped: fields as RegSuite.panel.parameter_node names them."""
        from RegSuite.panel.parameter_node import parameter_node_class

        return parameter_node_class(self.workflow)(super().getParameterNode())

    def given(self, parameters: Any) -> dict[str, Any]:
        """The chosen inputs by role."""
        from RegSuite.panel.parameter_node import inputs_of

        return inputs_of(parameters, self.workflow)

    def values(self, parameters: Any) -> dict[str, Any]:
        """The workflow's parameters, checked."""
        from RegSuite.panel.parameter_node import parameters_of

        return parameters_of(parameters, self.workflow)

    def order(
        self,
        parameters: Any,
        *,
        folder: Path | None = None,
        overwrite: bool = False,
        moving: Any = None,
        subject: str = "",
    ) -> Order:
        """What the parameter node asks for. moving: a moving image in the place of the chosen one,
        one of several that is called `subject` among them.

        Raises InputError for a parameter or an input that is missing, an output that is an input.
        """
        from RegSuite.panel.check_outputs import check_outputs
        from RegSuite.panel.parameter_node import outputs_of

        workflow = self.workflow
        given = self.given(parameters)
        targets = outputs_of(parameters, workflow)
        if moving is not None:
            given = {role: item for role, item in given.items() if role not in OF_ONE_MOVING}
            given["moving"], targets = moving, {}
        for role in workflow.inputs:
            if role.required and given.get(role.name) is None:
                raise InputError(
                    f"no {role.title.lower()} is chosen",
                    where=role.title,
                    mend=f"choose the {role.title.lower()}",
                )
        wrong = check_outputs(workflow, given, targets)
        if wrong:
            raise InputError(wrong[0].what, where=wrong[0].where, mend=wrong[0].mend)
        values = self.values(parameters)
        return Order(
            workflow=workflow,
            given=refs_of(given),
            parameters=values,
            targets={role: NodeRef.of(node) for role, node in targets.items()},
            folder=folder,
            overwrite=overwrite,
            scene=bool(values.get("scene", True)),
            name=_name(given, workflow),
            subject=subject,
        )

    def start(self, parameters: Any) -> Job:
        """Start the job that the parameter node describes; follow it with `poll` or `wait`."""
        from RegSuite.backend.job import submit
        from RegSuite.mrml.inputs import engine_inputs_in_steps
        from RegSuite.mrml.slabs import finish

        order = self.order(parameters)
        given = {role: order.present(role) for role in order.given}
        inputs = finish(engine_inputs_in_steps(order.workflow, given, arrays=True))
        return submit(order.workflow.name, inputs, order.parameters)

    def run(self, parameters: Any, *, folder: Path | None = None, overwrite: bool = False) -> RunEnd:
        """Run to the end, waiting for it (scripts without a window); result nodes are in the scene then.

        Raises RegSuiteError as the run ends without a result.
        """
        steps = NodeRun(self.order(parameters, folder=folder, overwrite=overwrite), Listener()).steps()
        while True:
            try:
                time.sleep(next(steps) or 0.0)
            except StopIteration as end:
                finished: RunEnd = end.value
                return finished


OF_ONE_MOVING = ("moving", "moving_mask", "moving_labels", "moving_points", "initial")
"""Inputs that belong to a single moving image, and to none of several."""


def _name(given: dict[str, Any], workflow: Workflow) -> str:
    """'atlas to scan', as the result is called."""
    images = (workflow.moved, workflow.view.background)
    needed = [role.name for role in workflow.inputs if role.required]
    for roles in (images, needed):
        chosen: list[Any] = [given.get(role) for role in roles]
        names = [str(item.GetName()) for item in chosen if hasattr(item, "GetName")]
        if len(names) == len(roles):
            return " to ".join(names)
    return " to ".join(names) or "RegSuite result"


def distinct(names: Sequence[str]) -> list[str]:
    """The names, those that are there already with a number: two scans may have one name."""
    out: list[str] = []
    for name in names:
        number, called = 1, name
        while called in out:
            number += 1
            called = f"{name} ({number})"
        out.append(called)
    return out


def population_folders(folder: Path | None, names: Sequence[str]) -> list[Path | None]:
    """A folder for each subject under the one that the user named; names no file may have are mended."""
    if folder is None:
        return [None] * len(names)
    out: list[Path | None] = []
    for number, name in enumerate(names, start=1):
        plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in name).strip(".") or "subject"
        out.append(folder / (plain if folder / plain not in out else f"{plain}-{number}"))
    return out
