"""`regsuite points SOURCE TARGET`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.points import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite points`."""
    return workflow_command(WORKFLOW)
