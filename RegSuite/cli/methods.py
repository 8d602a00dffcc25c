"""`regsuite methods [NAME]`: what there is, and what each method can be told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from RegSuite.cli.border import answer, errors_as_exit_status

if TYPE_CHECKING:
    from rich.table import Table


def command() -> Callable[..., None]:
    """The function behind `regsuite methods`."""
    return methods


def methods(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One method: its parameters.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one line of JSON on stdout.")] = False,
) -> None:
    """List the registration methods, or the parameters of one."""
    from RegSuite.methods import describe_method, describe_methods

    with errors_as_exit_status():
        described = describe_methods() if name is None else {name: describe_method(name)}
        if json_:
            answer(json.dumps(described))
        elif name is None:
            _show(_methods_table(described))
        else:
            _show(_parameter_table(described[name]))


def _show(table: Table) -> None:
    from rich.console import Console

    Console(file=sys.stderr, width=None if sys.stderr.isatty() else 150).print(table)


def _methods_table(described: dict[str, dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("method", "what it does", title="Methods (`regsuite methods NAME` for parameters)")
    for name, method in described.items():
        table.add_row(name, method["summary"])
    return table


def _parameter_table(method: dict[str, Any]) -> Table:
    from rich.table import Table

    table = Table(
        "parameter",
        "type",
        "default",
        "unit",
        "bounds",
        "what it is",
        title=f"{method['name']}: {method['summary']}",
    )
    for name, field in method["parameters"].items():
        bounds = ", ".join(f"{word} {value:g}" for word, value in field.get("bounds", {}).items())
        choices = " | ".join(map(str, field.get("choices", ())))
        default = "-" if field["default"] is None else str(field["default"])
        table.add_row(
            name, field["type"], default, field.get("unit", ""), bounds or choices, field["description"]
        )
    return table
