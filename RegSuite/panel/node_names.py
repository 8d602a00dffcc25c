"""How roles are called on a parameter node, and which MRML classes they take. No Slicer is needed here."""

from __future__ import annotations

from collections.abc import Mapping

from RegSuite.workflows.model import InputRole, OutputRole, Workflow

NODE_TYPES: Mapping[str, tuple[str, ...]] = {
    "image": ("vtkMRMLScalarVolumeNode",),
    "mask": ("vtkMRMLLabelMapVolumeNode", "vtkMRMLSegmentationNode"),
    "labels": ("vtkMRMLLabelMapVolumeNode", "vtkMRMLSegmentationNode"),
    "dose": ("vtkMRMLScalarVolumeNode",),
    "structures": ("vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"),
    "points": ("vtkMRMLMarkupsFiducialNode",),
    "transform": ("vtkMRMLTransformNode",),
    "table": ("vtkMRMLTableNode",),
    "jacobian": ("vtkMRMLScalarVolumeNode",),
    "displacement": ("vtkMRMLTransformNode",),
    "linear": ("vtkMRMLTransformNode",),
    "surface": ("vtkMRMLModelNode",),
    "series": ("vtkMRMLSequenceNode",),
}
"""Node classes of each kind of input and output; kinds that are files (report, scene) have none."""

_TAKEN = {"structures": (*NODE_TYPES["structures"], "vtkMRMLModelNode")}
"""Of inputs, where it is more."""

START = "initial"
"""The input role that may be a word (center-of-mass, rigid, ...) where no node is chosen."""


def field_name(role: str) -> str:
    """The parameter node's name of a role or parameter: `fixed_mask` -> `fixedMask`."""
    first, *rest = role.split("_")
    return first + "".join(word.capitalize() for word in rest)


def word_field(role: str = START) -> str:
    """The field with the word that stands for a transform: `initialWord`; '' is none."""
    return f"{field_name(role)}Word"


def node_types(role: InputRole | OutputRole) -> tuple[str, ...]:
    """MRML classes that a role takes; empty where it is no node, or one that is always made anew."""
    if isinstance(role, OutputRole):
        return () if role.kind == "series" else NODE_TYPES.get(role.kind, ())
    kinds = (role.kind, *role.also)
    return tuple(dict.fromkeys(name for kind in kinds for name in _TAKEN.get(kind, NODE_TYPES.get(kind, ()))))


def node_inputs(workflow: Workflow) -> tuple[InputRole, ...]:
    """The inputs that are nodes; what is a parameter of the same name too is asked for as such."""
    fields = workflow.Parameters.model_fields
    return tuple(role for role in workflow.inputs if node_types(role) and role.name not in fields)


def node_outputs(workflow: Workflow) -> tuple[OutputRole, ...]:
    """The outputs that are nodes; no tables that are inputs too, nothing that is called as a parameter."""
    fields = set(workflow.Parameters.model_fields)
    tables = {role.name for role in workflow.inputs if role.kind == "table"}
    taken = {role.name for role in workflow.outputs if role.kind == "table"} & tables | fields
    return tuple(role for role in workflow.outputs if node_types(role) and role.name not in taken)


def has_start(workflow: Workflow) -> bool:
    """Whether the workflow has an initial transform, which may be a word."""
    role = workflow.input(START)
    return role is not None and role.kind == "transform"
