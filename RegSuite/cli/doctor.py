"""`regsuite doctor`: what this installation and this machine have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from RegSuite.cli.border import answer, errors_as_exit_status, say


def command() -> Callable[..., None]:
    """The function behind `regsuite doctor`."""
    return doctor


def doctor(
    json_: Annotated[bool, typer.Option("--json", help="Print one line of JSON on stdout.")] = False,
) -> None:
    """Say what this installation and this machine have, and what is missing with its mend."""
    from RegSuite.workflows.doctor import doctor as examine

    with errors_as_exit_status():
        found = examine()
        if json_:
            answer(json.dumps(found))
        else:
            say("\n".join(_lines(found)))
    if found["problems"]:
        raise typer.Exit(1)


def _lines(found: dict[str, Any]) -> list[str]:
    """The findings as a person reads them."""
    memory = found["memory_available_mb"]
    lines = [f"{name:<12} {value or 'missing'}" for name, value in found["versions"].items()]
    lines += [f"{'system':<12} {found['system']}", f"{'python at':<12} {found['executable']}"]
    lines += [f"{'cores':<12} {found['cores']}"]
    lines += [f"{'memory':<12} " + ("unknown" if memory is None else f"{memory:.0f} MB available")]
    for device in found["devices"]:
        size = f", {device['memory_mb']} MB" if "memory_mb" in device else ""
        lines.append(f"{'device':<12} {device['device']} ({device['name']}{size})")
    lines.append(f"{'numba cache':<12} {found['numba_cache']}")
    for name, extra in found["extras"].items():
        lines.append(f"{name:<12} {'present' if extra['present'] else 'not installed'}: {extra['for']}")
    lines.append(f"{'methods':<12} {', '.join(found['methods'])}")
    lines.append(f"{'presets':<12} {', '.join(found['presets'])}")
    lines += [f"problem: {problem}" for problem in found["problems"]] or ["all is well"]
    return lines
