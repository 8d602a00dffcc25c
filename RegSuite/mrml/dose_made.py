"""What an accumulated course becomes in a scene: roles of its nodes, and the nodes as they are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.workflows.model import Workflow
    from RegSuite.workflows.scene import SceneContent

PLANNING, STRUCTURES = "planning", "structures"
"""Items of a course's content that are inputs: the scan and the structures that were planned on."""

COURSE_ITEMS = {PLANNING: "image", STRUCTURES: "structures"}
"""Their kinds, as `object_in_steps` reads nodes of them."""

DOSES = {
    "accumulated_dose": "accumulated dose",
    "accumulated_eqd2": "accumulated EQD2",
    "dose_mean": "mean dose of the samples",
    "dose_p05": "dose, 5th percentile",
    "dose_p95": "dose, 95th percentile",
}
"""Items that are doses in Gy, and what their nodes are called."""

SPREAD = "dose_sd"
ISODOSES, CHART, BROWSER = "isodoses", "dvh_chart", "fractions"
"""Roles of nodes that no workflow lists."""

CHARTS = {
    "dvh": (CHART, "DVH", "Dose (Gy)"),
    "dvh_eqd2": ("dvh_eqd2_chart", "DVH of the EQD2", "EQD2 (Gy)"),
}
"""Items that are DVHs: the role of their chart, what it is called, the title of its dose axis."""


def is_course(workflow: Workflow) -> bool:
    """Whether a workflow accumulates a course, so that its result is shown as this module does."""
    return any(role.kind == "course" for role in workflow.inputs)


@dataclass
class Made:
    """The nodes of one result. own: those that were made here; folder: what lies in the result's folder."""

    content: SceneContent
    targets: Mapping[str, Any]
    by_role: dict[str, Any] = field(default_factory=dict)
    own: list[Any] = field(default_factory=list)

    def take(self, role: str, node: Any, *more: Any) -> None:
        """A node that was made here, and those that belong to it."""
        if node is not None:
            self.by_role[role] = node
            self.own += [node, *more]

    def name(self, words: str) -> str:
        """'Course: accumulated dose'."""
        return f"{self.content.name}: {words}"
