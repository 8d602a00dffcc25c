"""`regsuite gamma`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.gamma import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite gamma`."""
    return workflow_command(WORKFLOW, named_inputs=True)
