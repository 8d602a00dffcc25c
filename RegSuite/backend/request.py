"""JOB.json: what a worker is asked to do, schema regsuite.job/1."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from RegSuite.errors import InputError

JOB_FILE = "JOB.json"
RESULT_FOLDER = "result"
CONTENT_FOLDER = "content"
INPUTS_FOLDER = "inputs"
"""Beside JOB.json in the job's private folder."""


class JobRequest(BaseModel):
    """A workflow by name, its inputs by role (see exchange), its parameters.

    scene: write scene.mrb into the result. content: leave the result as raw arrays as well, for
    the process that asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["regsuite.job/1"] = Field(default="regsuite.job/1", alias="schema")
    workflow: str
    inputs: dict[str, dict[str, Any]]
    parameters: dict[str, Any]
    scene: bool = False
    content: bool = True

    def write(self, folder: Path) -> Path:
        """Write JOB.json into `folder` and give its path."""
        path = folder / JOB_FILE
        path.write_text(self.model_dump_json(by_alias=True), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> JobRequest:
        """The request of a JOB.json. Raises InputError for a file that is none."""
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"the job cannot be read: {error.strerror}", where=str(path)) from error
        except ValidationError as error:
            raise InputError(f"this is no regsuite.job/1: {error}", where=str(path)) from error
