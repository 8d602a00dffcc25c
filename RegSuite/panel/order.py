"""What one run takes and where its results go, as it stood when Apply was pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel.node_refs import NodeRef, looked_up, refs_in
from RegSuite.panel.still import state_of

if TYPE_CHECKING:
    from typing import NoReturn

    from RegSuite.workflows.model import Workflow

__all__ = ["NodeRef", "Order"]


@dataclass(frozen=True)
class Order:
    """One run of a workflow.

    given: by input role a NodeRef, what is no node (a file name, a word), or a course with NodeRefs in
    it. shown: nodes that stand for items of the result that are no input roles. targets: by output
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
    shown: Mapping[str, NodeRef] = field(default_factory=dict)

    def nodes(self) -> dict[str, Any]:
        """The input nodes, and those of `shown`, that are still in the scene, by role."""
        refs = {role: ref for role, ref in self.given.items() if isinstance(ref, NodeRef)}
        found = {role: ref.node() for role, ref in {**refs, **self.shown}.items()}
        return {role: node for role, node in found.items() if node is not None}

    def parts(self) -> set[str]:
        """The input roles for which regions of a node were given."""
        return {role for role, item in self.given.items() if isinstance(item, tuple)}

    def present(self, role: str) -> Any:
        """What was given for a role, nodes looked up now. Raises InputError for one that is gone."""

        def missing(ref: NodeRef) -> NoReturn:
            raise InputError(
                _("'{name}' was deleted before it had been read").format(name=ref.name),
                where=next(title for title, other in self.refs() if other == ref),
                mend=_("choose another one and press Apply again; nothing was made"),
            )

        return looked_up(self.given[role], missing)

    def refs(self) -> list[tuple[str, NodeRef]]:
        """(title, reference) of every node that was given, those of a course by their places in it."""
        return [pair for role, item in self.given.items() for pair in refs_in(item, self.title(role))]

    def title(self, role: str) -> str:
        """How the panel calls an input or output role."""
        found = self.workflow.input(role) or self.workflow.output(role)
        return role if found is None else found.title

    def missing(self) -> list[str]:
        """A sentence for each node that was deleted since Apply was pressed."""
        out = []
        for title, ref in self.refs():
            if ref.node() is None:
                words = _(
                    "{title} '{name}' was deleted while the run went on: the result is shown without it."
                )
                out.append(words.format(title=title, name=ref.name))
        for role, ref in self.targets.items():
            if ref.node() is None:
                words = _("{title} '{name}' was deleted while the run went on: a new node was made.")
                out.append(words.format(title=self.title(role), name=ref.name))
        return out

    def states(self) -> dict[str, tuple[Any, ...]]:
        """Place and voxels of the input nodes (by title) as they are now, for `changed`."""
        found = [(f"{title} '{ref.name}'", ref.node()) for title, ref in self.refs()]
        return {words: state_of(node) for words, node in found if node is not None}

    def changed(self, before: Mapping[str, tuple[Any, ...]]) -> list[str]:
        """A sentence for each input that is there still, but not as it was."""
        words = _(
            "{what} was moved or changed while the run went on: the result belongs to it as it was before."
        )
        states = self.states().items()
        return [words.format(what=what) for what, state in states if before.get(what, state) != state]
