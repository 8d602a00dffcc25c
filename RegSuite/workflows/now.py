"""A workflow run at once in this process, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.workflows.model import Workflow


def run_now(workflow: Workflow, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """The workflow's result object. options: its parameters by name, `progress`, `scene` (MRML, for show).

    Raises InputError for options that do not exist or inputs that cannot be, other
    errors of RegSuite for what fails.
    """
    from RegSuite.methods.base import no_progress
    from RegSuite.validation import validated
    from RegSuite.workflows.failure import as_failure
    from RegSuite.workflows.run import start_run

    values = dict(options)
    progress = values.pop("progress", no_progress)
    port = None if isinstance(values.get("scene"), bool) else values.pop("scene", None)
    model = validated(workflow.Parameters, values, f"RegSuite.{workflow.name}")
    run = start_run(workflow.name, model, progress, scene=port)
    try:
        return workflow.run(inputs, model, run)
    except Exception as error:
        failure = as_failure(error, run)
        if failure is error:
            raise
        raise failure from error
