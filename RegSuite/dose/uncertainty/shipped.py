"""The calibrations that RegSuite ships: Resources/models/<source>-calibration.json."""

from __future__ import annotations

import json
from functools import lru_cache

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.errors import InputError
from RegSuite.resources import resources_folder


@lru_cache
def shipped_calibration(source: str) -> Calibration:
    """The calibration measured for `source`. Raises InputError where none is shipped."""
    path = resources_folder() / "models" / f"{source}-calibration.json"
    if not path.is_file():
        known = sorted(
            p.name.removesuffix("-calibration.json") for p in path.parent.glob("*-calibration.json")
        )
        raise InputError(
            f"there is no calibration of {source!r}",
            where=str(path),
            mend=f"known: {', '.join(known) or 'none'}; or give one (Calibration.from_dict)",
        )
    return Calibration.from_dict(json.loads(path.read_text(encoding="utf-8")))
