"""Whether a volume is a frame of a time series that changes under the reader's hands."""

from __future__ import annotations

from typing import Any


def frame_words(node: Any, role: str) -> list[str]:
    """A sentence for a volume that shows one frame of a sequence of several; empty for any other."""
    scene = node.GetScene()
    browsers = scene.GetNodesByClass("vtkMRMLSequenceBrowserNode") if scene is not None else None
    if browsers is None:
        return []
    browsers.UnRegister(None)
    for index in range(browsers.GetNumberOfItems()):
        browser = browsers.GetItemAsObject(index)
        if not browser.IsProxyNodeID(node.GetID()):
            continue
        frames = browser.GetNumberOfItems()
        if frames > 1:
            shown = browser.GetSelectedItemNumber() + 1
            return [
                f"{role} '{node.GetName()}' is frame {shown} of {frames} of a sequence: only this one is used"
            ]
    return []
