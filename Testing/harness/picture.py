"""Pictures of panels: alone, or beside four views as in Slicer's window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer

from Testing.harness.view import write_png

BACKGROUND = 240
"""Grey below a panel that is shorter than the views."""


def panel_picture(panel: Any, path: Path | None = None) -> np.ndarray:
    """A panel as it is drawn: [h, w, 3] uint8; written as PNG where a path is given."""
    slicer.app.processEvents()
    container = panel.parent if hasattr(panel, "moduleName") else panel
    picture = container.grab().toImage().convertToFormat(qt.QImage.Format_RGB888)
    height, width, row = picture.height(), picture.width(), picture.bytesPerLine()
    pixels = np.frombuffer(picture.constBits(), np.uint8).reshape(height, row)[:, : 3 * width]
    pixels = pixels.reshape(height, width, 3).copy()
    if path is not None:
        write_png(pixels, path)
    return pixels


def slicer_picture(panel: Any, views: Any, path: Path) -> np.ndarray:
    """The panel on the left, `views.image()` (FourUp: Red, 3D, Green, Yellow) on the right, as one PNG."""
    left, right = panel_picture(panel), views.image()
    height = max(left.shape[0], right.shape[0])
    picture = np.hstack([_padded(left, height), _padded(right, height)])
    write_png(picture, path)
    return picture


def _padded(picture: np.ndarray, height: int) -> np.ndarray:
    return np.pad(picture, ((0, height - picture.shape[0]), (0, 0), (0, 0)), constant_values=BACKGROUND)


def draws_text() -> bool:
    """Whether letters are drawn: without a font W and M would be the same box, or nothing."""
    label = qt.QLabel()
    label.resize(120, 30)
    pictures = []
    for letters in ("WWWW", "MMMM", ""):
        label.setText(letters)
        pictures.append(label.grab().toImage())
    return all(pictures[i] != pictures[j] for i, j in ((0, 1), (0, 2), (1, 2)))
