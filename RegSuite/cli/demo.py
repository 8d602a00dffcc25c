"""`regsuite demo -o DIR`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.demo import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite demo`."""
    return workflow_command(WORKFLOW)
