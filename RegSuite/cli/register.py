"""`regsuite register FIXED MOVING -o DIR`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.register import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite register`."""
    return workflow_command(WORKFLOW)
