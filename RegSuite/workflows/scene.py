"""What an MRML scene of a result shows, and the port through which workflows reach MRML from below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from RegSuite.errors import RegSuiteError

if TYPE_CHECKING:
    from RegSuite.report.result import Result as ResultRecord
    from RegSuite.workflows.model import Workflow

SCENE_FILE = "scene.mrb"


class SceneError(RegSuiteError):
    """A scene that could not be written; the result itself is not touched by it."""


@dataclass(frozen=True, eq=False)
class SceneContent:
    """A result and its inputs, as a scene holds them.

    items: by role of the workflow (inputs and outputs) an Image, Transform, PointSet, the Path of
    a table or surface, an MRML node that is in the scene already, or a function without arguments
    that gives one of these when it is needed. Roles that are absent are not shown.
    label_names: by label, of all label maps. centre_mm: the point (LPS) on which views are centred.
    name: how the result is called in the subject hierarchy.
    """

    workflow: Workflow
    record: ResultRecord
    items: Mapping[str, Any]
    label_names: Mapping[int, str] = field(default_factory=dict)
    centre_mm: tuple[float, ...] | None = None
    name: str = "RegSuite result"

    def item(self, role: str) -> Any:
        """The item of a role, made now if it was put off; None where there is none."""
        found = self.items.get(role)
        return found() if callable(found) else found


class Scene(Protocol):
    """MRML, as workflows see it: handed in from above (RegSuite.mrml), never imported here."""

    def write(self, content: SceneContent, path: Path) -> bool:
        """Write scene.mrb; False where somebody else will write it (a panel). Raises SceneError."""
        ...

    def show(self, content: SceneContent) -> bool:
        """Put the result into the views; False where there is no window to show it in."""
        ...
