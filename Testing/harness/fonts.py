"""A font for panels drawn offscreen: the same one everywhere, whatever the machine has installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from PySide6 import QtGui

POINT_SIZE = 10


def use_a_readable_font(application: Any) -> None:
    """Draw all text in DejaVu Sans, which matplotlib brings along. Raises RuntimeError where it cannot."""
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    families: set[str] = set()
    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"):
        number = QtGui.QFontDatabase.addApplicationFont(str(folder / name))
        families.update(QtGui.QFontDatabase.applicationFontFamilies(number))
    if "DejaVu Sans" not in families:
        raise RuntimeError(f"Qt could not load DejaVu Sans from {folder}: text in panels would be boxes")
    application.setFont(QtGui.QFont("DejaVu Sans", POINT_SIZE))
