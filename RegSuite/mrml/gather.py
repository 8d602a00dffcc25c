"""The inputs of one run, gathered from nodes: grids first, then what belongs to them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from RegSuite.geometry import ArrayImage
from RegSuite.mrml.inputs import engine_of, is_node, object_in_steps
from RegSuite.mrml.numbering import HIGHEST
from RegSuite.mrml.parts import node_of
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.space import marked_flat
from RegSuite.mrml.taken import kind_of

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.workflows.model import InputRole, Workflow

logger = logging.getLogger(__name__)


@dataclass
class Gathering:
    """What was chosen for a workflow, on its way to engine objects.

    arrays: leave them in arrays, without torch. unit_is_told: see `object_in_steps`.
    done: engine objects by role, as far as made. numbers, names: of the labels seen so far. told:
    warnings. grids: of the images that others belong to, by role.
    """

    workflow: Workflow
    chosen: Mapping[str, Any]
    warnings: list[str] | None = None
    arrays: bool = False
    unit_is_told: bool = False
    done: dict[str, Any] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    grids: dict[str, Grid] = field(default_factory=dict)

    def in_steps(self) -> Steps[dict[str, Any]]:
        """All engine objects by role, and label_names where the nodes have some; a window lives between."""
        roles = [role for role in self.workflow.inputs if role.name in self.chosen]
        images = [role for role in roles if role.kind == "image"]
        ndim = self._dimension(images)
        for role in images:
            yield from self._convert(role, None, ndim)
        for role in (r for r in roles if r.kind != "image"):
            grid = self._grid(role)
            yield from self._convert(role, grid, grid.ndim if grid is not None else ndim)
        others = {name: item for name, item in self.chosen.items() if name not in self.done}
        self._tell()
        takes_names = self.workflow.input("label_names") is not None
        named = {"label_names": self.names} if takes_names and self.names else {}
        return {**named, **others, **self.done}

    def _convert(self, role: InputRole, grid: Grid | None, ndim: int | None) -> Steps[None]:
        """One input; labels under the numbers that their names have in the labels before them."""
        names: dict[int, str] = {}
        found = yield from object_in_steps(
            self.chosen[role.name],
            kind_of(role, self.chosen[role.name]),
            _words(role),
            grid,
            inside=self._inside(role),
            ndim=ndim,
            warnings=self.told,
            numbers=self.numbers,
            names=names,
            unit_is_told=self.unit_is_told,
        )
        self.done[role.name] = found if self.arrays else engine_of(found, self.told)
        self.numbers = {**{name: label for label, name in names.items()}, **self.numbers}
        if isinstance(found, ArrayImage) and role.kind == "labels":
            self.numbers[HIGHEST] = max(self.numbers.get(HIGHEST, 0), int(found.values.max()))
        self.names = {**names, **self.names}
        yield

    def _dimension(self, images: list[InputRole]) -> int | None:
        """None (each as it is) where every image node was made from a 2D image, else 3 for all nodes."""
        nodes = [self.chosen[role.name] for role in images if is_node(self.chosen[role.name])]
        return None if all(marked_flat(node) for node in nodes) else 3

    def _grid(self, role: InputRole) -> Grid | None:
        """The grid of the image to which an input belongs, of the first one where that is not there.

        None, its own, where the workflow knows that image and does not need it: labels say it all then.
        """
        owner = role.image
        known = self.workflow.input(owner)
        if known is not None and known.kind == "image" and not known.required and owner not in self.done:
            return None
        names = [r.name for r in self.workflow.inputs if r.kind == "image" and r.name in self.done]
        if not names or node_of(self.chosen[role.name]) is None:
            return None
        image = owner if owner in names else names[0]
        if image not in self.grids:  # a file is read once for all that lies on its grid
            self.grids[image] = _grid_of(self.done[image])
        return self.grids[image]

    def _inside(self, role: InputRole) -> Any:
        """The initial transform, for what it moves: points of the moving space lie inside of it."""
        initial = self.chosen.get("initial")
        return initial if role.image == self.workflow.moved and is_node(initial) else None

    def _tell(self) -> None:
        if self.warnings is not None:
            self.warnings.extend(self.told)
            return
        for sentence in self.told:
            logger.warning(sentence)


def _words(role: InputRole) -> str:
    """How messages call a role: 'fixed labels'."""
    return role.name.replace("_", " ")


def _grid_of(given: Any) -> Grid:
    """The grid of an image in whatever form it was given."""
    from RegSuite.geometry import ArrayImage, Image
    from RegSuite.io.images import read_image
    from RegSuite.io.simpleitk_bridge import grid_of_sitk

    if isinstance(given, Image | ArrayImage):
        return given.grid
    if type(given).__module__.startswith("SimpleITK"):
        return grid_of_sitk(given)
    return read_image(given).grid
