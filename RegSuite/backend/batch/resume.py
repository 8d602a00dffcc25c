"""Whether a row's earlier result still stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import InputError
from RegSuite.report.provenance import sha256
from RegSuite.report.result import Result

if TYPE_CHECKING:
    from RegSuite.backend.batch.summary import Entry


def is_done(old: Entry, asked: Entry, folder: Path) -> bool:
    """Whether `folder` holds the complete result of what is asked, from files that are unchanged."""
    if old.status != "completed" or old.workflow != asked.workflow or old.request != asked.request:
        return False
    try:
        result = Result.read(folder)
    except InputError:
        return False
    if result.status != "completed" or any(not (folder / name).exists() for name in result.files.values()):
        return False
    inputs: Mapping[str, str] = asked.request["inputs"]
    return all(sha256(file) == old.sha256.get(role) for role, file in inputs.items() if Path(file).exists())


def sums_of(inputs: Mapping[str, str], result: Result) -> dict[str, str]:
    """SHA-256 of each input file by role: as the run read it where it says so, else as it is now."""
    out = {}
    for role, file in inputs.items():
        record = result.inputs.get(role)
        if record is not None and record.sha256 is not None:
            out[role] = record.sha256
        elif Path(file).exists():
            out[role] = sha256(file)
    return out
