"""Slicer's layout Two-Over-Two offscreen: four slices, Red and Slice4 above, Green and Yellow below."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer
from PIL import Image, ImageDraw, ImageFont

from Testing.harness.four_up import _stack
from Testing.harness.view import SIZE, write_png
from Testing.harness.views import SliceView

TEXT_PX = 13


class TwoOverTwo:
    """The four slices; closed at the end of a `with`. by_name: Red, Slice4, Green, Yellow."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.by_name = {name: SliceView(name, "Axial", size) for name in ("Red", "Slice4", "Green", "Yellow")}

    def image(self) -> np.ndarray:
        """All four in one picture: [h, w, 3] uint8, with the names of the volumes as Slicer writes them."""
        pictures = {name: _named(view) for name, view in self.by_name.items()}
        rows = (("Red", "Slice4"), ("Green", "Yellow"))
        return _stack([_stack([pictures[name] for name in row], 1) for row in rows], 0)

    def png(self, path: Path) -> Path:
        """Write the picture of all four."""
        return write_png(self.image(), path)

    def close(self) -> None:
        for view in self.by_name.values():
            view.close()

    def __enter__(self) -> TwoOverTwo:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _named(view: SliceView) -> np.ndarray:
    """A view with the names of foreground and background in its corner (Slicer's DataProbe draws them)."""
    layers = view.composite
    lines = []
    for letter, layer in (("F", "Foreground"), ("B", "Background")):
        node = slicer.mrmlScene.GetNodeByID(getattr(layers, f"Get{layer}VolumeID")() or "")
        if node is not None and (letter == "B" or layers.GetForegroundOpacity() > 0):
            lines.append(f"{letter}: {node.GetName()}")
    picture = Image.fromarray(view.image())
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(TEXT_PX)
    for row, line in enumerate(reversed(lines)):
        place = (6, picture.height - (row + 1) * (TEXT_PX + 5))
        draw.text(place, line, fill=(220, 235, 255), font=font, stroke_width=1, stroke_fill=(0, 0, 0))
    return np.asarray(picture)
