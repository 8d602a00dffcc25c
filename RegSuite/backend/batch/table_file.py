"""A manifest as text: a CSV with a header, whatever program wrote it."""

from __future__ import annotations

import csv
from pathlib import Path

from RegSuite.errors import InputError

Cells = dict[str, str]
"""Of one row: column -> text, without empty cells."""


def read_table(path: Path) -> tuple[list[str], list[tuple[int, Cells]]]:
    """Columns, and each row's line number and cells; rows without any text are left out.

    Columns are separated by comma, semicolon or tab, whichever the header has most of. Column names
    are read with small letters, and with _ for - and blanks.
    Raises InputError for a file that is missing, is no text, has no rows, a nameless or a double
    column, or a row with more cells than columns.
    """
    where = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        mend = "give a CSV with a header, such as fixed,moving"
        raise InputError(f"the manifest cannot be read: {error.strerror}", where=where, mend=mend) from error
    except UnicodeDecodeError as error:
        raise InputError("the manifest is no UTF-8 text", where=where, mend="save it as CSV UTF-8") from error
    lines = text.splitlines()
    header = lines[0] if lines else ""
    separator = max(",;\t", key=header.count)
    reader = csv.reader(lines, delimiter=separator)
    columns = [_column(name) for name in next(reader, [])]
    _check_columns(columns, where)
    rows: list[tuple[int, Cells]] = []
    for cells in reader:
        given = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()}
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise InputError(
                f"the row has {len(cells)} cells, the header {len(columns)}",
                where=f"{where}, line {reader.line_num}",
                mend='put a text that holds a comma between "quotation marks"',
            )
        if given:
            rows.append((reader.line_num, given))
    if not rows:
        raise InputError("the manifest has no rows", where=where, mend="write a row for each job")
    return columns, rows


def _column(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _check_columns(columns: list[str], where: str) -> None:
    if not any(columns):
        raise InputError("the manifest has no header", where=where, mend="write a first line: fixed,moving")
    if "" in columns:
        raise InputError(f"column {columns.index('') + 1} has no name", where=where, mend="name it")
    double = next((name for name in columns if columns.count(name) > 1), None)
    if double is not None:
        raise InputError(f"column {double!r} stands there twice", where=where, mend="remove one of them")
