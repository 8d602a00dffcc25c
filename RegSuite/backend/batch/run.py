"""Running a batch: so many workers at once, one row's failure the others' no concern."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from RegSuite.backend.batch.manifest import Row
from RegSuite.backend.batch.page import write_page
from RegSuite.backend.batch.resume import is_done, sums_of
from RegSuite.backend.batch.summary import Entry, Summary, entry_of, found_in, read_entries, statistics
from RegSuite.backend.job import Job, prepare
from RegSuite.errors import Cancelled, OutputError, RegSuiteError
from RegSuite.report.disk import error_in_words
from RegSuite.report.provenance import versions
from RegSuite.report.result import RESULT_FILE, Reason, Result

_POLL_S = 0.05


class Listener(Protocol):
    """Whom a batch tells how it goes on, and asks whether to go on."""

    def ended(self, entry: Entry, done: int, of: int, *, kept: bool) -> None:
        """A row has ended, or was kept from an earlier run."""

    def running(self, jobs: Sequence[tuple[Row, Job]], done: int, of: int) -> None:
        """Called some twenty times a second; may raise Cancelled or KeyboardInterrupt."""


def run_batch(
    rows: Sequence[Row],
    output: Path,
    listener: Listener,
    *,
    manifest: str,
    workers: int = 1,
    threads: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> Summary:
    """Run every row in a worker process, `workers` at once, into output/NAME/; write the summary.

    threads: of each worker; the cores (or REGSUITE_THREADS) shared out if None. resume: rows whose
    result is complete and whose files and parameters are unchanged are kept as they are, the
    others run anew. The summary is renewed with every row that ends.
    Raises OutputError where `output` cannot be written to or holds results of these rows (neither
    resume nor overwrite), Cancelled after the listener raised it: no worker is left then.
    """
    batch = _Batch(rows, output, listener, manifest, workers, overwrite or resume)
    batch.check_output()
    waiting = deque(batch.keep_done() if resume else rows)
    share = threads or _threads_each(workers)
    try:
        while waiting or batch.active:
            while waiting and len(batch.active) < workers:
                batch.start(waiting.popleft(), share)
            batch.follow()
            if batch.active:
                time.sleep(_POLL_S)
    except (KeyboardInterrupt, Cancelled) as error:
        batch.stop()
        left = len(batch.active) + len(waiting)
        mend = f"{left} of {len(rows)} rows were not finished; pass --resume to keep those that were"
        raise Cancelled(where="batch", mend=mend) from error
    finally:
        batch.close()
    return batch.write()


class _Batch:
    """The state of a running batch."""

    def __init__(
        self,
        rows: Sequence[Row],
        output: Path,
        listener: Listener,
        manifest: str,
        workers: int,
        overwrite: bool,
    ) -> None:
        self.active: list[tuple[Row, Job]] = []
        self._rows = rows
        self._output = output
        self._listener = listener
        self._manifest = manifest
        self._workers = workers
        self._overwrite = overwrite
        self._entries = {row.name: entry_of(row) for row in rows}
        self._began = time.monotonic()
        self._done = 0

    def check_output(self) -> None:
        """Make the folder; refuse one that holds results unless they may be replaced."""
        try:
            self._output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise error_in_words(error, self._output) from error
        there = [row.name for row in self._rows if (self._output / row.name / RESULT_FILE).exists()]
        if there and not self._overwrite:
            more = f" and {len(there) - 3} more" if len(there) > 3 else ""
            raise OutputError(
                f"the folder holds results of {', '.join(there[:3])}{more} already",
                where=str(self._output),
                mend="pass --resume to keep those that are unchanged, --overwrite to replace all, "
                "or name another folder",
            )

    def keep_done(self) -> list[Row]:
        """Keep the rows whose results stand; the others."""
        before = read_entries(self._output)
        left = []
        for row in self._rows:
            old = before.get(row.name)
            if old is not None and is_done(old, entry_of(row), self._output / row.name):
                self._ended(old.model_copy(update={"line": row.line}), kept=True)
            else:
                left.append(row)
        return left

    def start(self, row: Row, threads: int) -> None:
        """Start a row's worker; one that cannot start has failed."""
        try:
            job = prepare(
                row.workflow,
                row.inputs,
                {**row.parameters, "threads": threads},
                output=self._output / row.name,
                overwrite=self._overwrite,
                scene=bool(row.parameters.get("scene", True)),
                content=False,
                temporary=self._output,  # beside the result, which then only changes its name
            )
        except RegSuiteError as error:
            self._ended(entry_of(row, status="failed", reason=Reason(**error.reason())))
            return
        self.active.append((row, job))
        for _ in job.start_in_steps():
            pass

    def follow(self) -> None:
        """Look after every worker once."""
        for row, job in list(self.active):
            job.poll()
            if job.is_over:
                self.active.remove((row, job))
                self._ended(_entry_after(row, job))
                job.close()
        self._listener.running(self.active, self._done, len(self._rows))

    def stop(self) -> None:
        """Cancel every worker and wait for their ends, at most some two seconds."""
        for _, job in self.active:
            job.cancel()
        for row, job in self.active:
            job.wait()
            self._entries[row.name] = entry_of(row, status="cancelled")
        self.write()

    def close(self) -> None:
        """No worker and no temporary file is left."""
        for _, job in self.active:
            job.close()

    def _summary(self) -> Summary:
        entries = list(self._entries.values())
        states = [entry.status for entry in entries]
        return Summary(
            manifest=self._manifest,
            workers=self._workers,
            seconds=time.monotonic() - self._began,
            versions=versions(),
            counts={state: states.count(state) for state in sorted(set(states))},
            statistics=statistics(entries),
            rows=entries,
        )

    def _ended(self, entry: Entry, *, kept: bool = False) -> None:
        self._entries[entry.name] = entry
        self._done += 1
        self.write()
        self._listener.ended(entry, self._done, len(self._rows), kept=kept)

    def write(self) -> Summary:
        """Write the batch as it stands into its folder."""
        summary = self._summary()
        summary.write(self._output)
        write_page(summary, self._output)
        return summary


def _entry_after(row: Row, job: Job) -> Entry:
    """What became of a row whose job is over."""
    folder = row.name if job.folder is not None else None
    found = {} if job.record is None else found_in(job.record)
    if job.state == "completed" and job.folder is not None:
        sums = sums_of(row.inputs, Result.read(job.folder))
        return entry_of(row, **found, status="completed", folder=folder, sha256=sums)
    reason = None if job.reason is None else Reason(**job.reason)
    state = "crashed" if job.state == "crashed" else "failed"
    return entry_of(row, **{**found, "status": state, "folder": folder, "reason": reason})


def _threads_each(workers: int) -> int:
    """A worker's share of the cores."""
    from RegSuite.machine import cpu_cores
    from RegSuite.settings import settings

    return max((settings().threads or cpu_cores()) // workers, 1)
