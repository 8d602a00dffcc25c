"""A workflow that shows a moving cloud, faster than anybody looks; and the worker that knows it.

`python -m Testing.backend.showing JOB.json`
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from pydantic import Field

from RegSuite import workflows
from RegSuite.workflows.model import RunParameters, Workflow

NAME = "showing"


class ShowingParameters(RunParameters):
    """points: of the cloud. shows: how often, every so many seconds; without an end if None."""

    points: int = 50_000
    shows: int | None = None
    every_s: float = 0.01
    stays_s: float = Field(default=0.0)


class _Nothing:
    def write(self, folder: Any, run: Any) -> Any:
        return run.record()


def cloud(count: int, step: int) -> Any:
    """The cloud at a step: number of the point, step, and something that is not finite."""
    return np.stack([np.arange(count), np.full(count, step), np.full(count, np.nan)], axis=1)


def _run(_inputs: Any, parameters: ShowingParameters, run: Any) -> _Nothing:
    step = 0
    with run.stage("showing", 0.0, 1.0) as progress:
        progress(0.5, "showing", {})
        run.preview("organs", np.zeros((parameters.points, 1)))
        while parameters.shows is None or step < parameters.shows:
            run.preview("moving", cloud(parameters.points, step))
            time.sleep(parameters.every_s)
            step += 1
    run.metrics["steps"] = step
    return _Nothing()


WORKFLOW = Workflow(NAME, "shows a moving cloud", (), ShowingParameters, _run)
workflows._WORKFLOWS[NAME] = __name__ if __name__ != "__main__" else "Testing.backend.showing"

if __name__ == "__main__":
    from RegSuite.backend.worker import main

    main()
