"""Making and starting jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from RegSuite.backend.holder import State
from RegSuite.backend.private_folder import make_private_folder
from RegSuite.backend.publish import check_target
from RegSuite.backend.running import Job
from RegSuite.backend.start import Start, checked_inputs

__all__ = ["Job", "State", "prepare", "submit"]


def prepare(
    workflow_name: str,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    output: Path | str | None = None,
    overwrite: bool = False,
    scene: bool = False,
    content: bool = True,
    temporary: Path | str | None = None,
    python: str | None = None,
) -> Job:
    """A job that has not been started; `start_in_steps` does, `submit` is both.

    inputs: by role, engine objects, SimpleITK images or file names; None is not given. They are
    not changed, and must not be until the job runs. parameters: as the workflow's model has them.
    output: where the result folder is put; without it the finished result waits for `publish`.
    scene: write scene.mrb in the worker. content: keep the result as raw arrays for `content()`.
    temporary: where the private folder is made (the system's temporary folder). python: the
    worker's interpreter (PythonSlicer in Slicer, else this one).
    Raises InputError for what cannot be meant, OutputError for places that cannot be written to.
    """
    from RegSuite.validation import validated
    from RegSuite.workflows import get_workflow

    workflow = get_workflow(workflow_name)
    given = checked_inputs(workflow, inputs)
    model = validated(workflow.Parameters, dict(parameters or {}), f"workflow {workflow.name}")
    if output is not None:
        check_target(output, overwrite=overwrite)
    start = Start(
        workflow=workflow,
        inputs=given,
        parameters=model.model_dump(mode="json"),
        folder=make_private_folder(temporary),
        scene=scene and getattr(model, "scene", False),
        content=content,
        python=python,
    )
    return Job(start, None if output is None else Path(output).absolute(), overwrite=overwrite)


def submit(
    workflow_name: str,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    **options: Any,
) -> Job:
    """A running job; options as for `prepare`."""
    job = prepare(workflow_name, inputs, parameters, **options)
    for _ in job.start_in_steps():
        pass
    return job
