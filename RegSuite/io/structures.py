"""Reading structures from whatever holds them: RT Structure Set, label map, surfaces, contour stacks."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from RegSuite.errors import InputError
from RegSuite.geometry import Structure
from RegSuite.io.dicom_file import is_dicom
from RegSuite.io.label_structures import read_label_structures
from RegSuite.io.rtstruct import read_rtstruct
from RegSuite.io.surface_file import SUFFIXES
from RegSuite.io.surface_structures import Space, read_surface_structure

NAMES_FILE = "names.csv"
NAME_COLUMNS = ("name", "structure")


def read_structures(
    path: Path | str,
    *,
    names: Path | str | None = None,
    space: Space = "LPS",
    warnings: list[str] | None = None,
) -> tuple[Structure, ...]:
    """The structures in a file or folder, in LPS mm; names are all different.

    path: an RT Structure Set, a label map, a .vtp or .stl, or a folder of those.
    names: of a label map, a table of label,name (else NAME.csv beside it); of surfaces, a table of
    file,name (else names.csv in the folder), file names relative to the table; a column `structure`
    is read as name, other columns and rows of files that are not there are passed over.
    space: of the coordinates of .vtp and .stl files. warnings: sentences are appended for what was
    left out or renamed. Raises InputError, with the file, for what cannot be read as a structure.
    """
    path = Path(path)
    found = [] if warnings is None else warnings
    table = None if names is None else Path(names)
    if space not in ("LPS", "RAS"):
        raise InputError(f"the space '{space}'", where="structures", mend="use LPS or RAS")
    if not path.exists():
        raise InputError("the file does not exist", where=str(path), mend="check the name and the folder")
    if path.is_dir():
        return _folder(path, table, space, found)
    if path.suffix.lower() in SUFFIXES:
        called = _table(table).get(path.resolve(), path.stem) if table is not None else path.stem
        return (read_surface_structure(path, called, space, found),)
    if space != "LPS":
        raise InputError(
            f"the space {space} is for surfaces; this file states its own",
            where=str(path),
            mend="leave the space out",
        )
    if not is_dicom(path):
        return read_label_structures(path, table, found)
    if table is not None:
        raise InputError(
            "an RT Structure Set has its own names", where=str(path), mend="leave the table of names out"
        )
    return read_rtstruct(path, warnings=found).structures


def _folder(folder: Path, table: Path | None, space: Space, warnings: list[str]) -> tuple[Structure, ...]:
    """Every surface file of a folder, in the table's order; those it does not name by their file's name."""
    files = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(
            f"no {' or '.join(SUFFIXES)} file in the folder",
            where=str(folder),
            mend="name the RT Structure Set or the label map itself",
        )
    if table is None and (folder / NAMES_FILE).is_file():
        table = folder / NAMES_FILE
    called = _table(table) if table is not None else {}
    here = {p.resolve(): p for p in files}
    named = [(here[p], name) for p, name in called.items() if p in here]
    rest = [p for p in files if p.resolve() not in called]
    if table is not None and rest:
        warnings.append(f"{table.name} lacks {', '.join(p.name for p in rest)}: named after their files")
    rows = named + [(p, p.stem) for p in rest]
    twice = [name for name, count in Counter(n for _, n in rows).items() if count > 1]
    if twice:
        raise InputError(
            f"several files are called '{twice[0]}': {', '.join(p.name for p, n in rows if n == twice[0])}",
            where=str(table or folder),
            mend="give each structure a name of its own",
        )
    return tuple(read_surface_structure(p, name, space, warnings) for p, name in rows)


def _table(table: Path) -> dict[Path, str]:
    """File -> name from a CSV, files relative to it."""
    if not table.is_file():
        raise InputError("the table of names does not exist", where=str(table), mend="check the name")
    try:
        with table.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream, skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"not a CSV file in UTF-8: {error}", where=str(table), mend="save the table as CSV (UTF-8)"
        ) from error
    out: dict[Path, str] = {}
    for line, row in enumerate(rows, start=2):
        file = (row.get("file") or "").strip()
        name = next((str(row[c]).strip() for c in NAME_COLUMNS if row.get(c)), "")
        if not file or not name:
            raise InputError(
                "a row without a file or a name (columns file,name are wanted)",
                where=f"{table}, line {line}",
                mend="correct the row",
            )
        place = (table.parent / file).resolve()
        if out.setdefault(place, name) != name:
            raise InputError(
                f"{file} has two names, '{out[place]}' and '{name}'",
                where=f"{table}, line {line}",
                mend="keep one of the rows",
            )
    return out
