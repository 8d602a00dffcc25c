"""Stand-ins of Slicer's own Python modules that the slicer-core wheel lacks.

`inside/` is looked up as part of the package slicer, `beside/` by itself (SampleData, PyTorchUtils).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def put_into(slicer: Any) -> None:
    """Let `import slicer.ScriptedLoadableModule` and `import SampleData` find the stand-ins."""
    inside, beside = str(FOLDER / "inside"), str(FOLDER / "beside")
    if inside not in slicer.__path__:
        slicer.__path__.append(inside)
    if beside not in sys.path:
        sys.path.append(beside)
