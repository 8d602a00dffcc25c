"""The script that the viewer's Python runs: makes this very RegSuite importable, and nothing beside it.

The folder that holds RegSuite may be the site-packages of another environment, with another vtk: it
must not come onto the path.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path


def _load_package(folder: Path) -> None:
    """RegSuite from its folder, as `import RegSuite` would load it."""
    spec = importlib.util.spec_from_file_location(
        "RegSuite", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} holds no package")
    package = importlib.util.module_from_spec(spec)
    sys.modules["RegSuite"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != here]
    _load_package(here.parent)
    runpy.run_module("RegSuite.view", run_name="__main__")
