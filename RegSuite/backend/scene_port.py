"""In the worker: the port to MRML, which leaves the result raw for the process that asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.backend.content import write_content

if TYPE_CHECKING:
    from RegSuite.backend.exchange import Description
    from RegSuite.workflows.scene import SceneContent


class ScenePort:
    """A Scene (workflows/scene.py) that writes the content as raw arrays, and scene.mrb where asked to.

    content: the folder for the raw arrays, None for none. known: items that lie there already.
    """

    def __init__(self, content: Path | None, known: Mapping[str, Description], *, scene: bool) -> None:
        self._content = content
        self._known = known
        self._scene = scene

    def write(self, content: SceneContent, path: Path) -> bool:
        """Write what was asked for; whether scene.mrb was among it."""
        from RegSuite.workflows.scene import SceneError

        if self._content is not None:
            write_content(content, self._content, self._known, path.parent)
        if not self._scene:
            return False
        from RegSuite.mrml import scene_at_hand

        scene = scene_at_hand()
        if scene is None:
            raise SceneError("MRML is not at hand (pip install 'regsuite[slicer]')")
        written: bool = scene.write(content, path)
        return written

    def show(self, content: SceneContent) -> bool:
        """A worker has no window."""
        return False
