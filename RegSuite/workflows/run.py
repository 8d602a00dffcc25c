"""One run of a workflow: its stages, its settings on this machine, its result folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError, RegSuiteError
from RegSuite.methods.base import Progress, no_progress
from RegSuite.report.folder import ResultFolder
from RegSuite.report.provenance import versions
from RegSuite.report.result import InputRecord, Reason
from RegSuite.report.result import Result as ResultRecord
from RegSuite.workflows.failure import as_failure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from RegSuite.workflows.model import RunParameters, Workflow
    from RegSuite.workflows.scene import Scene

Say = Callable[[str], None]
"""Takes a sentence for the person who waits."""


_STANDS_ELSEWHERE = {"device", "threads", "seed", "report", "scene"}
"""Fields of the parameters that result.json holds under names of their own, or that decide no number."""


Preview = Callable[[str, "NDArray[np.floating]"], None]
"""Takes a name and numbers [n, ...] to be looked at while the run works, as often and large as they come."""


def unseen(name: str, values: NDArray[np.floating]) -> None:
    """Shows nobody."""


def silent(sentence: str) -> None:
    """Tells nobody."""


@dataclass
class Run:
    """What a run gathers on its way; enough for result.json even when it fails.

    scene: MRML, where it is at hand (RegSuite.mrml hands it in). preview: shows points or numbers [n, ...]
    under a name to who looks on; costs next to nothing where nobody does. It may raise Cancelled.
    """

    workflow: str
    parameters: Mapping[str, Any]
    seed: int
    device: str
    threads: int
    progress: Progress = no_progress
    say: Say = silent
    preview: Preview = unseen
    scene: Scene | None = None
    method: str | None = None
    inputs: dict[str, InputRecord] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    _fraction: float = field(default=0.0, repr=False)

    @contextmanager
    def stage(self, name: str, begin: float, end: float) -> Iterator[Progress]:
        """Time a stage that takes the run from fraction `begin` to `end`; gives the stage's own progress."""
        start = time.perf_counter()

        def part(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
            reached = begin + (end - begin) * min(max(fraction, 0.0), 1.0)
            self._fraction = max(self._fraction, reached)  # a method's second try does not lead backwards
            self.progress(self._fraction, stage or name, metrics)

        part(0.0, name, {})
        yield part
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def warn(self, sentence: str) -> None:
        """Keep a warning for the result and tell it at once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)
            self.say(f"warning: {sentence}")

    def record(self, error: RegSuiteError | None = None, **more: Any) -> ResultRecord:
        """result.json as of now: completed, or failed with the error's reason."""
        from RegSuite.machine import device_words, peak_memory_mb

        return ResultRecord(
            workflow=self.workflow,
            method=self.method,
            status="completed" if error is None else "failed",
            inputs=self.inputs,
            parameters=dict(self.parameters),
            seed=self.seed,
            versions=versions(),
            device=device_words(self.device),
            threads=self.threads,
            seconds=self.seconds,
            total_seconds=time.perf_counter() - self.started,
            peak_memory_mb=peak_memory_mb(),
            metrics=self.metrics,
            warnings=self.warnings,
            notes=self.notes,
            reason=None if error is None else Reason(**error.reason()),
            **more,
        )


@dataclass(frozen=True)
class Outcome:
    """The end of a run that left a folder: result.json as one line, and the failure if it was one."""

    line: str
    error: RegSuiteError | None = None


def run_to_folder(
    workflow: Workflow,
    inputs: Mapping[str, Any],
    parameters: RunParameters,
    output: Path | str,
    overwrite: bool = False,
    progress: Progress = no_progress,
    say: Say = silent,
    scene: Scene | None = None,
    preview: Preview = unseen,
) -> Outcome:
    """Run a workflow and leave its result folder at `output`, complete or not at all.

    A method that fails leaves result.json with status failed; the error is in the Outcome. Raises
    InputError (nothing is written), Cancelled (nothing is left) and DiskFull (nothing is left).
    """
    with ResultFolder(output, overwrite=overwrite) as folder:
        run = start_run(workflow.name, parameters, progress, say, scene, preview)
        try:
            result = workflow.run(inputs, parameters, run)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  the border where a failure becomes a result
            failure = as_failure(error, run)
            record = run.record(failure)
            folder.fail(record)
            return Outcome(record.to_json(), failure)
        record = result.write(folder.path, run)
        folder.complete(record)
    return Outcome(record.to_json())


def start_run(
    workflow: str,
    parameters: RunParameters,
    progress: Progress = no_progress,
    say: Say = silent,
    scene: Scene | None = None,
    preview: Preview = unseen,
) -> Run:
    """A run with device and threads decided. Raises InputError for a device that is not there."""
    from RegSuite.machine import cpu_cores, resolve_device
    from RegSuite.settings import settings

    chosen = settings()
    return Run(
        workflow=workflow,
        parameters=parameters.model_dump(mode="json", exclude=_STANDS_ELSEWHERE),
        seed=parameters.seed,
        device=resolve_device(parameters.device or chosen.device),
        threads=parameters.threads or chosen.threads or cpu_cores(),
        progress=progress,
        say=say,
        preview=preview,
        scene=scene,
    )
