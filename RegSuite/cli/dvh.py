"""`regsuite dvh`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.dvh import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite dvh`."""
    return workflow_command(WORKFLOW, named_inputs=True)
