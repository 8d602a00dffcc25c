"""`regsuite keypoints FIXED MOVING`."""

from __future__ import annotations

from collections.abc import Callable

from RegSuite.cli.from_workflow import workflow_command
from RegSuite.workflows.keypoints import WORKFLOW


def command() -> Callable[..., None]:
    """The function behind `regsuite keypoints`."""
    return workflow_command(WORKFLOW)
