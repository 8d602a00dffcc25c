"""`regsuite batch MANIFEST.csv -o DIR`."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from RegSuite.cli.border import answer, errors_as_exit_status, say
from RegSuite.cli.from_workflow import field_option, keyword, shared_options
from RegSuite.cli.interrupt import stop_was_asked
from RegSuite.cli.values import method_parameters
from RegSuite.errors import Cancelled, MethodFailed

if TYPE_CHECKING:
    from RegSuite.backend.batch import Entry, Row
    from RegSuite.backend.job import Job

_SECONDS_BETWEEN_LINES = 5.0

_Manifest = Annotated[
    str, typer.Argument(metavar="MANIFEST.csv", help="A row a job: fixed,moving[,fixed_labels,...][,name].")
]
_Out = Annotated[
    str, typer.Option("--output", "-o", metavar="DIR", help="A result folder a row, and summary.*")
]
_Workers = Annotated[int, typer.Option("--workers", min=1, help="Jobs at once; the threads are shared out.")]
_Resume = Annotated[
    bool,
    typer.Option("--resume", help="Keep results whose files and parameters are unchanged, run the others."),
]
_Workflow = Annotated[
    str, typer.Option("--workflow", help="What runs in each row that does not say it itself.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print summary.json as one line on stdout.")]


def command() -> Callable[..., None]:
    """The function behind `regsuite batch`: its own options, then those of `regsuite register`."""
    from RegSuite.workflows.register import RegisterParameters

    def batch(**values: Any) -> None:
        with errors_as_exit_status():
            _run(values)

    batch.__doc__ = "Run a workflow for every row of a table; one summary, worst row first."
    out = inspect.Parameter("output", inspect.Parameter.KEYWORD_ONLY, annotation=_Out)
    manifest = inspect.Parameter("manifest", inspect.Parameter.KEYWORD_ONLY, annotation=_Manifest)
    own = [
        keyword("workers", _Workers, 1),
        keyword("resume", _Resume, False),
        keyword("workflow", _Workflow, "register"),
    ]
    fields = [
        field_option(name, field)
        for name, field in RegisterParameters.model_fields.items()
        if name not in ("parameters", "report", "scene")
    ]
    shared = [option for option in shared_options() if option.name != "json_"]
    parameters = [manifest, out, *own, *fields, *shared, keyword("json_", _Json, False)]
    batch.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
    return batch


def _run(values: dict[str, Any]) -> None:
    """Read the manifest, run the rows, tell what became of them."""
    from RegSuite.backend.batch import read_manifest, run_batch

    own = {
        name: values.pop(name) for name in ("manifest", "output", "workers", "resume", "overwrite", "json_")
    }
    workflow, threads = values.pop("workflow"), values.pop("threads")
    rows = read_manifest(Path(own["manifest"]), workflow, _common(values))
    summary = run_batch(
        rows,
        Path(own["output"]).absolute(),
        _Lines(),
        manifest=own["manifest"],
        workers=own["workers"],
        threads=threads,
        resume=own["resume"],
        overwrite=own["overwrite"],
    )
    if own["json_"]:
        answer(summary.to_json())
    say(f"wrote {Path(own['output']) / 'summary.html'}")
    lost = len(rows) - summary.counts.get("completed", 0)
    if lost:
        raise MethodFailed(
            f"{lost} of {len(rows)} rows have no result",
            where=str(Path(own["output"]) / "summary.html"),
            mend="see each row's reason, then pass --resume: rows that are done are kept",
        )


def _common(values: dict[str, Any]) -> dict[str, Any]:
    """Parameters of all rows: what was given; a row's workflow has defaults of its own."""
    from RegSuite.workflows.register import RegisterParameters

    given = {
        "parameters": method_parameters(values.pop("parameters_file"), values.pop("set_") or ()),
        "report": not values.pop("no_report"),
        "scene": not values.pop("no_scene"),
    }
    fields = RegisterParameters.model_fields
    return {**given, **{name: value for name, value in values.items() if value != fields[name].default}}


class _Lines:
    """A line on stderr for each row that ends, and every few seconds what runs."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()

    def ended(self, entry: Entry, done: int, of: int, *, kept: bool) -> None:
        """Tell a row's end."""
        measures = entry.measures
        words = [f"{done}/{of}  {entry.name}: {'kept' if kept else entry.status}"]
        if entry.status == "completed":
            words.append(f"in {measures['seconds']:.0f} s" if "seconds" in measures and not kept else "")
            words.append(f"(Dice {measures['dice_mean']:.3f})" if "dice_mean" in measures else "")
            words.append((entry.verdict or "").lower())
        elif entry.reason is not None:
            words.append(entry.reason.what.splitlines()[0])
        say("  ".join(word for word in words if word))
        self._last = time.monotonic()

    def running(self, jobs: Sequence[tuple[Row, Job]], done: int, of: int) -> None:
        """Tell what runs; raises Cancelled once a signal has come."""
        if stop_was_asked():
            raise Cancelled(where="batch")
        now = time.monotonic()
        if now - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last = now
        each = [f"{row.name} {100 * job.fraction:.0f} % {job.stage}" for row, job in jobs]
        share = (done + sum(job.fraction for _, job in jobs)) / of
        say(f"{100 * share:3.0f} %  {_left(now - self._began, share)}{', '.join(each)}")


def _left(elapsed_s: float, share: float) -> str:
    from RegSuite.workflows.time_left import seconds_left

    seconds = seconds_left(elapsed_s, share)
    if seconds is None:
        return ""
    return f"{seconds:.0f} s left  " if seconds < 120 else f"{seconds / 60:.0f} min left  "
