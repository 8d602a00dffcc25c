"""What one run takes and where its results go, as it stood when Apply was pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel.still import state_of

if TYPE_CHECKING:
    from RegSuite.workflows.model import Workflow


@dataclass(frozen=True)
class NodeRef:
    """A node as it can be found again, or missed: its ID, and its name for messages."""

    id: str
    name: str

    @staticmethod
    def of(node: Any) -> NodeRef:
        """The reference to a node of the scene."""
        return NodeRef(str(node.GetID()), str(node.GetName()))

    def node(self) -> Any | None:
        """The node, None where it is no longer in the scene."""
        return slicer.mrmlScene.GetNodeByID(self.id)


@dataclass(frozen=True)
class Order:
    """One run of a workflow.

    given: by input role a NodeRef, or what is no node (a file name, a word). targets: by output
    role the node that takes the result; a role that is absent gets a new one. folder: where the
    result folder is kept; None: until Slicer quits. name: how the result is called. subject: what
    one of several is called.
    """

    workflow: Workflow
    given: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, NodeRef] = field(default_factory=dict)
    folder: Path | None = None
    overwrite: bool = False
    scene: bool = True
    name: str = "RegSuite result"
    subject: str = ""

    def nodes(self) -> dict[str, Any]:
        """The input nodes that are still in the scene, by role."""
        found = {role: ref.node() for role, ref in self.given.items() if isinstance(ref, NodeRef)}
        return {role: node for role, node in found.items() if node is not None}

    def present(self, role: str) -> Any:
        """What was given for a role, nodes looked up now. Raises InputError for one that is gone."""
        given = self.given[role]
        if not isinstance(given, NodeRef):
            return given
        node = given.node()
        if node is None:
            raise InputError(
                _("'{name}' was deleted before it had been read").format(name=given.name),
                where=self.title(role),
                mend=_("choose another one and press Apply again; nothing was made"),
            )
        return node

    def title(self, role: str) -> str:
        """How the panel calls an input or output role."""
        found = self.workflow.input(role) or self.workflow.output(role)
        return role if found is None else found.title

    def missing(self) -> list[str]:
        """A sentence for each node that was deleted since Apply was pressed."""
        out = []
        for role, ref in self.given.items():
            if isinstance(ref, NodeRef) and ref.node() is None:
                words = _(
                    "{title} '{name}' was deleted while the run went on: the result is shown without it."
                )
                out.append(words.format(title=self.title(role), name=ref.name))
        for role, ref in self.targets.items():
            if ref.node() is None:
                words = _("{title} '{name}' was deleted while the run went on: a new node was made.")
                out.append(words.format(title=self.title(role), name=ref.name))
        return out

    def states(self) -> dict[str, tuple[Any, ...]]:
        """Place and voxels of the input nodes as they are now, for `changed`."""
        return {role: state_of(node) for role, node in self.nodes().items()}

    def changed(self, before: Mapping[str, tuple[Any, ...]]) -> list[str]:
        """A sentence for each input that is there still, but not as it was."""
        words = _(
            "{title} '{name}' was moved or changed while the run went on: the result belongs to it as it "
            "was before."
        )
        return [
            words.format(title=self.title(role), name=self.given[role].name)
            for role, state in self.states().items()
            if before.get(role, state) != state
        ]
