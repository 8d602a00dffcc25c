"""Where the files in Resources/ lie: presets, limits, icons."""

from __future__ import annotations

from pathlib import Path

from RegSuite.errors import InputError
from RegSuite.settings import settings

_PACKAGE = Path(__file__).resolve().parent


def resources_folder() -> Path:
    """The Resources folder: REGSUITE_RESOURCES, inside the package (installed) or beside it (checkout).

    Raises InputError where there is none.
    """
    set_by_user = settings().resources
    candidates = [set_by_user] if set_by_user else [_PACKAGE / "Resources", _PACKAGE.parent / "Resources"]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise InputError(
        "the folder Resources is missing",
        where=", ".join(map(str, candidates)),
        mend="install RegSuite anew, or let REGSUITE_RESOURCES name the folder",
    )
