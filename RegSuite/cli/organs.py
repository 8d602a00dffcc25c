"""`regsuite organs SOURCE_LABELS TARGET_LABELS`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.organs import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite organs`."""
    return workflow_command(WORKFLOW)
