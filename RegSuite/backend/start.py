"""Starting a job: its inputs into the private folder, then the process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.backend.exchange import write_item_in_steps
from RegSuite.backend.interpreter import WORKER, interpreter
from RegSuite.backend.private_folder import no_room
from RegSuite.backend.process import WorkerProcess
from RegSuite.backend.request import INPUTS_FOLDER, JOB_FILE, JobRequest
from RegSuite.errors import InputError, MethodFailed

if TYPE_CHECKING:
    from RegSuite.workflows.model import Workflow


@dataclass(frozen=True)
class Start:
    """What is to be started. inputs: by role, without those that were not given; python: the interpreter."""

    workflow: Workflow
    inputs: Mapping[str, Any]
    parameters: Mapping[str, Any]
    folder: Path
    scene: bool
    content: bool
    python: str | None = None

    def write_in_steps(self) -> Iterator[None]:
        """Write inputs and JOB.json. Raises InputError, OutputError or DiskFull."""
        from RegSuite.workflows.inputs import from_simpleitk, is_simpleitk

        inputs = self.folder / INPUTS_FOLDER
        descriptions = {}
        try:
            inputs.mkdir()
            for role, given in self.inputs.items():
                value = from_simpleitk(given, role) if is_simpleitk(given) else given
                descriptions[role] = yield from write_item_in_steps(value, inputs, role)
            JobRequest(
                workflow=self.workflow.name,
                inputs=descriptions,
                parameters=dict(self.parameters),
                scene=self.scene,
                content=self.content,
            ).write(self.folder)
        except OSError as error:
            raise no_room(error, str(self.folder.parent)) from error

    def launch(self) -> WorkerProcess:
        """The worker's process, running. Raises MethodFailed where it cannot be started."""
        python = self.python or interpreter()
        try:
            return WorkerProcess([python, "-m", WORKER, str(self.folder / JOB_FILE)], self.folder)
        except OSError as error:
            raise MethodFailed(
                f"the worker could not start: {error.strerror or error}",
                where=python,
                mend="give the Python that RegSuite is installed in (`python`), or mend that installation",
            ) from error

    @property
    def command(self) -> str:
        """The interpreter, for messages."""
        return self.python or interpreter()


def checked_inputs(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that were given, by role. Raises InputError for an unknown role and a missing one."""
    roles = ", ".join(role.name for role in workflow.inputs)
    unknown = [name for name in given if workflow.input(name) is None]
    if unknown:
        raise InputError(
            f"{unknown[0]!r} is no input of {workflow.name}", where="inputs", mend=f"inputs: {roles}"
        )
    inputs = {role: value for role, value in given.items() if value is not None}
    missing = [role for role in workflow.inputs if role.required and role.name not in inputs]
    if missing:
        raise InputError(f"no {missing[0].title.lower()} was given", where=missing[0].name, mend="give one")
    return inputs
