"""What the rows of a batch are called: names of folders."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from RegSuite.backend.batch.table_file import Cells

_ENDINGS = re.compile(r"\.(nii\.gz|nii|nrrd|nhdr|mha|mhd|gz|img|hdr|tiff?|dcm|png)$", re.IGNORECASE)
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)
"""Names that Windows does not give to a folder."""
_OF_THE_BATCH = re.compile(r"^summary\.(html|csv|json)$", re.IGNORECASE)
"""Files of the batch itself, beside the folders of its rows."""


def row_names(table: list[Cells], workflow: str) -> list[str]:
    """A name for each row: its cell `name`, else `MOVING_to_FIXED` from the files.

    Where files of several rows have the same names (sub01/t1.nii.gz, sub02/t1.nii.gz) the folder
    of the moving one stands in front. Names may still be double; then the manifest must name them.
    """
    plain = [cells.get("name") or _from_files(cells, workflow, folder=False) for cells in table]
    count = Counter(name.casefold() for name in plain)
    names = [
        _from_files(cells, workflow, folder=True)
        if count[name.casefold()] > 1 and "name" not in cells
        else name
        for cells, name in zip(table, plain, strict=True)
    ]
    return [folder_name(name) for name in names]


def folder_name(text: str) -> str:
    """The text as a folder can be called on every system."""
    name = re.sub(r"[^\w.+=@-]+", "_", text).strip("._ ") or "row"
    return f"{name}_" if _RESERVED.match(name) or _OF_THE_BATCH.match(name) else name


def _from_files(cells: Cells, workflow: str, *, folder: bool) -> str:
    files = [cells[role] for role in _naming_roles(cells, workflow) if role in cells]
    name = "_to_".join(_ENDINGS.sub("", PurePath(file.replace("\\", "/")).name) for file in files)
    above = PurePath(files[0].replace("\\", "/")).parent.name if files and folder else ""
    return f"{above}_{name}" if above else name


def _naming_roles(cells: Cells, workflow: str) -> list[str]:
    """The inputs a name is made of: the required ones, the last (what moves) first."""
    from RegSuite.workflows import get_workflow, workflow_names

    name = cells.get("workflow", workflow)
    if name not in workflow_names():
        return []
    return [role.name for role in reversed(get_workflow(name).inputs) if role.required]
