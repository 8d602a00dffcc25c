"""`regsuite dose COURSE.yaml`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.dose import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite dose`."""
    return workflow_command(WORKFLOW)
