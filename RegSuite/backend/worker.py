"""A job's own process: `python -m RegSuite.backend.worker JOB.json`.

Messages (messages.py) go to stdout, one a line; stdin tells it to stop (stop.py). Its exit status
is the command line's: 0 completed, 1 failed, 2 bad input, 130 cancelled; 74 where the disk is so
full that nothing can be said.
"""

from __future__ import annotations

import atexit
import faulthandler
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from RegSuite.backend.ending import DISK_FULL_STATUS
from RegSuite.backend.messages import Failed, Finished, Said
from RegSuite.backend.post import Post
from RegSuite.backend.stop import Stop
from RegSuite.errors import Cancelled, InputError, MethodFailed, OutOfMemory, RegSuiteError

_NEEDED = ("numpy", "torch", "pydantic")
"""Libraries without which no workflow runs."""


def main() -> None:
    """Run the job named by sys.argv; ends the process."""
    faulthandler.enable()
    job = Path(sys.argv[1]).absolute()
    stop, post = Stop(job.parent), Post()
    try:
        status = _told(job, stop, post)
    except OSError as error:
        from RegSuite.report.disk import is_full

        traceback.print_exc()
        status = DISK_FULL_STATUS if is_full(error, job.parent) else MethodFailed.exit_status
    finally:
        stop.leave()
    _leave(status)


def _told(job: Path, stop: Stop, post: Post) -> int:
    """Run the job and tell its end; the exit status. Raises OSError where nothing can be told."""
    try:
        return _run(job, stop, post)
    except Cancelled as error:
        return error.exit_status
    except RegSuiteError as error:
        return _fail(error, post)
    except Exception as error:  # noqa: BLE001  the outermost border: told to the process that asked
        traceback.print_exc()
        return _fail(_in_words(error, f"stage {post.stage!r}"), post)


def _run(job: Path, stop: Stop, post: Post) -> int:
    """The workflow, from JOB.json to its result folder."""
    post.progress(0.0, "start", {})
    for name in _NEEDED:
        import_module(name)
    from RegSuite.backend.exchange import moved, read_item
    from RegSuite.backend.preview import PreviewPost
    from RegSuite.backend.request import CONTENT_FOLDER, INPUTS_FOLDER, RESULT_FOLDER, JobRequest
    from RegSuite.backend.scene_port import ScenePort
    from RegSuite.validation import validated
    from RegSuite.workflows import get_workflow
    from RegSuite.workflows.run import run_to_folder

    request = JobRequest.read(job)
    workflow = get_workflow(request.workflow)
    wanted = dict(request.parameters)
    if "scene" in workflow.Parameters.model_fields:
        wanted["scene"] = request.scene or request.content
    parameters = validated(workflow.Parameters, wanted, f"workflow {workflow.name}")
    inputs = {role: read_item(item, job.parent / INPUTS_FOLDER) for role, item in request.inputs.items()}
    known = {
        role: moved(item, f"../{INPUTS_FOLDER}")
        for role, item in request.inputs.items()
        if item["kind"] == "object"
    }

    def progress(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        stop.check(stage)
        post.progress(fraction, stage, metrics)

    previews = PreviewPost(job.parent, post.send)

    def preview(name: str, values: object) -> None:
        stop.check(post.stage)
        previews(name, values)  # type: ignore[arg-type]  # numpy is imported late

    outcome = run_to_folder(
        workflow,
        {role.name: inputs.get(role.name) for role in workflow.inputs},
        parameters,
        job.parent / RESULT_FOLDER,
        progress=progress,  # type: ignore[arg-type]  # a method gives any Mapping
        say=lambda sentence: post.send(Said(sentence)),
        preview=preview,
        scene=ScenePort(job.parent / CONTENT_FOLDER if request.content else None, known, scene=request.scene),
    )
    if outcome.error is not None:
        return _fail(outcome.error, post, outcome.line)
    post.send(Finished(RESULT_FOLDER, outcome.line))
    return 0


def _fail(error: RegSuiteError, post: Post, line: str | None = None) -> int:
    """Tell a failure, and give its exit status."""
    post.send(Failed(error.reason(), type(error).__name__, post.stage, line=line))
    return error.exit_status


def _leave(status: int) -> NoReturn:
    """End the process without the half second in which libraries take themselves apart."""
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(status)


def _in_words(error: Exception, where: str) -> RegSuiteError:
    """The error a user reads for one that no workflow has put into words."""
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("RegSuite"):
        return InputError(
            f"{error.name} is not installed in the worker's Python",
            where=sys.executable,
            mend=f"{sys.executable} -m pip install {error.name}; in Slicer, Install in RegSuite's modules",
        )
    from RegSuite.workflows.failure import is_out_of_memory

    if is_out_of_memory(error):
        mend = "close other programs, or use a coarser image"
        return OutOfMemory(f"memory ran out: {error}", where=where, mend=mend)
    mend = "this is a defect: please report it with the last words and `regsuite doctor`"
    return MethodFailed(f"{type(error).__name__}: {error}", where=where, mend=mend)


if __name__ == "__main__":
    main()
