"""The typer app: a table of commands, of which only the one called is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

import typer

COMMANDS: dict[str, tuple[str, str]] = {
    "register": ("RegSuite.cli.register:command", "Register a moving image to a fixed image."),
    "warp": ("RegSuite.cli.warp:command", "Apply a transform to an image, points (CSV) or a surface."),
    "batch": ("RegSuite.cli.batch:command", "Run a workflow for every row of a table, with one summary."),
    "evaluate": (
        "RegSuite.cli.evaluate:command",
        "Judge a result: landmarks, labels, folds, against limits.",
    ),
    "dvh": ("RegSuite.cli.dvh:command", "Dose-volume histograms of structures in a dose."),
    "gamma": ("RegSuite.cli.gamma:command", "Gamma of two doses, in the whole and by structure."),
    "dose": (
        "RegSuite.cli.dose:command",
        "Accumulate the dose of a course, with the uncertainty of the deformation.",
    ),
    "tumor": (
        "RegSuite.cli.tumor:command",
        "Bring a healthy template onto a brain with a tumour: shape and appearance apart.",
    ),
    "organs": (
        "RegSuite.cli.organs:command",
        "Bring organs onto each other as labelled point clouds, and with them the whole volume.",
    ),
    "points": (
        "RegSuite.cli.points:command",
        "Bring a cloud of points onto another one, without correspondences.",
    ),
    "keypoints": (
        "RegSuite.cli.keypoints:command",
        "Find keypoints of an image in another one, and the deformation that they tell.",
    ),
    "view": (
        "RegSuite.cli.view:command",
        "Look at a result in the browser, with Slicer's slice and 3D views.",
    ),
    "methods": ("RegSuite.cli.methods:command", "List the registration methods and their parameters."),
    "phantom": ("RegSuite.cli.phantom:command", "Make a pair of images whose true displacement is known."),
    "demo": (
        "RegSuite.cli.demo:command",
        "Register a phantom, without any data, and write a report to look at.",
    ),
    "doctor": ("RegSuite.cli.doctor:command", "Say what this installation and this machine have."),
}
"""Command -> (module:maker of the function, one-line summary)."""

HELP = "Medical image registration: fixed image, moving image, one result folder with a report."


def build_app(words: Sequence[str] | None = None) -> typer.Typer:
    """The app. Commands that do not stand in `words` (default: this process's) are listed, not loaded."""
    asked = _words_of_process() if words is None else words
    app = typer.Typer(
        name="regsuite",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,  # plain help is there three times sooner
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for name, (where, summary) in COMMANDS.items():
        function = _load(where) if name in asked else _placeholder
        app.command(name, help=None if name in asked else summary)(function)
    return app


def _load(where: str) -> Callable[..., None]:
    """The command's function, from its module."""
    module, _, attribute = where.partition(":")
    maker: Callable[[], Callable[..., None]] = getattr(import_module(module), attribute)
    return maker()


def _words_of_process() -> list[str]:
    """What was typed; while the shell completes a line, the words of that line."""
    return [*sys.argv[1:], *os.environ.get("COMP_WORDS", "").split()]


def _placeholder() -> None:
    """A command that is listed but was not asked for."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from RegSuite import __version__

        typer.echo(f"regsuite {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    pass
