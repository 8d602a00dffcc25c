"""Tables of numbers and words as table nodes, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import vtk
from vtk.util import numpy_support

from RegSuite.errors import InputError
from RegSuite.mrml.nodes import check_node, node_for

TABLE = "vtkMRMLTableNode"
COLOURS = "vtkMRMLColorTableNode"
LABEL_COLUMNS = ("label", "value")
NAME_COLUMNS = ("name",)


def table_from_columns(
    columns: Mapping[str, Sequence[Any]], *, name: str | None = None, node: Any = None
) -> Any:
    """A table node with a column each: whole numbers, real numbers (None becomes NaN) or words.

    node: an output node that is filled instead. Raises InputError for columns of differing length.
    """
    lengths = {title: len(values) for title, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(f"columns of differing length: {lengths}", where=f"table '{name or 'table'}'")
    table = vtk.vtkTable()
    for title, values in columns.items():
        column = _column(list(values))
        column.SetName(title)
        table.AddColumn(column)
    out = node_for(TABLE, name, node, "table")
    out.SetAndObserveTable(table)
    out.SetUseColumnTitleAsColumnHeader(True)
    out.SetLocked(True)
    return out


def columns_from_table(node: Any, role: str = "table") -> dict[str, list[Any]]:
    """The columns of a table node by name, as lists of int, float or str."""
    check_node(node, role, TABLE)
    table = node.GetTable()
    count = table.GetNumberOfColumns() if table is not None else 0
    return {table.GetColumnName(i) or f"column {i + 1}": _values(table.GetColumn(i)) for i in range(count)}


def label_names_from_node(node: Any, role: str = "label names") -> dict[int, str]:
    """Names by label from a table with the columns label and name, or from a colour table.

    Raises InputError for a table without these columns or with labels that are no whole numbers.
    """
    check_node(node, role, TABLE, COLOURS)
    if node.IsA(COLOURS):
        names = {i: node.GetColorName(i) or "" for i in range(1, node.GetNumberOfColors())}
        return {label: name for label, name in names.items() if name and name != "(none)"}
    columns = {title.strip().lower(): values for title, values in columns_from_table(node, role).items()}
    labels = next((columns[c] for c in LABEL_COLUMNS if c in columns), None)
    words = next((columns[c] for c in NAME_COLUMNS if c in columns), None)
    if labels is None or words is None:
        raise InputError(
            f"no columns 'label' and 'name'; there are {', '.join(columns) or 'none'}",
            where=f"{role} '{node.GetName()}'",
            mend="give a table with the columns label and name",
        )
    try:
        return {int(label): str(word) for label, word in zip(labels, words, strict=True)}
    except ValueError as error:
        raise InputError(
            f"a label is no whole number: {error}",
            where=f"{role} '{node.GetName()}'",
            mend="correct the column 'label'",
        ) from error


def _column(values: list[Any]) -> Any:
    """A VTK array of the values in the narrowest of int, float and str that holds them all."""
    kinds = {type(v) for v in values if v is not None}
    numbers = all(issubclass(k, int | float | np.integer | np.floating) for k in kinds) and bool(kinds)
    whole = all(issubclass(k, int | np.integer) for k in kinds) and None not in values
    if numbers:
        if whole and max(abs(int(v)) for v in values) < 2**31:
            return numpy_support.numpy_to_vtk(np.array(values, dtype=np.int32), deep=True)
        real = np.array([np.nan if v is None else float(v) for v in values])
        return numpy_support.numpy_to_vtk(real, deep=True)
    words = vtk.vtkStringArray()
    for value in values:
        words.InsertNextValue("" if value is None else str(value))
    return words


def _values(column: Any) -> list[Any]:
    variants = [column.GetVariantValue(i) for i in range(column.GetNumberOfTuples())]
    if column.IsA("vtkStringArray"):
        return [v.ToString() for v in variants]
    if column.GetDataTypeAsString() in ("float", "double"):
        return [v.ToDouble() for v in variants]
    return [v.ToInt() for v in variants]
