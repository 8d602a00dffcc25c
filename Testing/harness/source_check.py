"""Forms that PySide takes and PythonQt does not, found in a module's source before it runs."""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class PySideOnly(AssertionError):
    """Code that runs under PySide6 and would fail in Slicer."""


def check(path: Path) -> None:
    """Raise PySideOnly with line numbers where a file uses such forms of the module `qt`."""
    found = [f"{path}:{line}: {words}" for line, words in _found(ast.parse(path.read_text(encoding="utf-8")))]
    if found:
        raise PySideOnly("\n".join(found))


def _found(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            )
            for name in names:
                if name.partition(".")[0] in ("PySide6", "PyQt5", "PyQt6", "shiboken6"):
                    yield node.lineno, f"imports {name}: Slicer has qt and ctk"
        elif isinstance(node, ast.Attribute) and _is_scoped_enum(node):
            short = f"{ast.unparse(node.value.value)}.{node.attr}"  # type: ignore[attr-defined]
            yield node.lineno, f"{ast.unparse(node)}: PythonQt has enums unscoped, {short}"
        elif isinstance(node, ast.Call) and node.keywords and ast.unparse(node.func).startswith("qt.Q"):
            yield node.lineno, f"{ast.unparse(node.func)}(...) with keyword arguments: PythonQt takes none"


def _is_scoped_enum(node: ast.Attribute) -> bool:
    """Whether an expression is qt.Class.Enum.value."""
    holder = node.value
    if not isinstance(holder, ast.Attribute) or not ast.unparse(holder).startswith("qt."):
        return False
    found: Any = _qt()
    for name in ast.unparse(holder).split(".")[1:]:
        found = getattr(found, name, None)
    return isinstance(found, enum.EnumMeta)


def _qt() -> Any:
    import qt

    return qt
