"""`regsuite tumor TEMPLATE TARGET`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.tumor import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite tumor`."""
    return workflow_command(WORKFLOW)
