"""The finished result folder at its place, with scene.mrb where the user keeps the folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from RegSuite.workflows.scene import SCENE_FILE

if TYPE_CHECKING:
    from RegSuite.panel.order import Order
    from RegSuite.workflows.scene import SceneContent


def keep(
    order: Order, job: Any, content: SceneContent, tell: Callable[[str], None]
) -> Generator[None, None, tuple[Path, str]]:
    """Steps that bring a completed job's folder to its place; they return the place, and a warning or "".

    Where the order names no folder it lies in Slicer's temporary folder until Slicer quits.
    scene.mrb is written in one go, by MRML itself: the window stands still for that long.
    Raises OutputError or DiskFull where the place cannot be written; nothing is left there then.
    """
    if order.folder is None:
        folder = Path(tempfile.mkdtemp(prefix="RegSuite-result-", dir=slicer.app.temporaryPath)) / "result"
        yield from job.publish_in_steps(folder)
        return folder, ""
    warning = ""
    if order.scene:
        tell(_("Writing {file}").format(file=SCENE_FILE))
        yield
        warning = _write_scene(Path(job.folder), content)
        yield
    yield from job.publish_in_steps(order.folder, order.overwrite)
    return order.folder, warning


def _write_scene(folder: Path, content: SceneContent) -> str:
    """scene.mrb into the folder, and its name into result.json; why it was not written, else ""."""
    from RegSuite.mrml.scene import MrmlScene
    from RegSuite.report.result import RESULT_FILE
    from RegSuite.workflows.scene import SceneError

    record = content.record
    try:
        written = MrmlScene().write(content, folder / SCENE_FILE)
    except SceneError as error:
        return str(_("{file} was not written: {what}").format(file=SCENE_FILE, what=error.what))
    if written:
        named = record.model_copy(update={"files": {**record.files, "scene": SCENE_FILE}})
        (folder / RESULT_FILE).write_text(named.to_json(indent=2) + "\n", encoding="utf-8")
    return ""
