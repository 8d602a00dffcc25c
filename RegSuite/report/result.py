"""result.json: what a run did, on what, with what, and how well."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from RegSuite.errors import InputError
from RegSuite.quality.limits import Verdict

SCHEMA = "regsuite.result/1"
RESULT_FILE = "result.json"


class InputRecord(BaseModel):
    """An input as it was read: file, sha256 of its bytes, size (voxels) and spacing (mm) in x, y, z."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    file: str
    sha256: str | None = None
    size: tuple[int, ...] | None = None
    spacing: tuple[float, ...] | None = None


class Reason(BaseModel):
    """Why a run failed: the error's own words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    where: str = ""
    mend: str = ""


class Result(BaseModel):
    """The content of result.json, schema regsuite.result/1.

    parameters, metrics: plain values (numbers, texts, lists, dicts); numpy and torch numbers are
    taken as the numbers they are, and what is not finite or None is left out: a metric that could
    not be computed is absent. total_seconds in s, peak_memory_mb in MB. notes: what the method
    decided and why. reason: only with status failed. dose, gamma: where they apply.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["regsuite.result/1"] = Field(default="regsuite.result/1", alias="schema")
    workflow: str
    method: str | None = None
    status: Literal["completed", "failed"]
    inputs: dict[str, InputRecord] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    device: str | None = None
    threads: int | None = None
    seconds: dict[str, float] = Field(default_factory=dict)
    total_seconds: float | None = None
    peak_memory_mb: float | None = None
    metrics: dict[str, Any] = Field(default_factory=dict)
    verdicts: list[Verdict] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    reason: Reason | None = None
    files: dict[str, str] = Field(default_factory=dict)
    dose: dict[str, Any] | None = None
    gamma: dict[str, Any] | None = None

    @field_validator("parameters", "metrics", "seconds", "dose", "gamma", mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return plain(value) if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _reason_goes_with_failure(self) -> Result:
        if (self.status == "failed") != (self.reason is not None):
            raise ValueError("a reason stands in a failed result, and in no other")
        return self

    def to_dict(self) -> dict[str, Any]:
        """The content of result.json as plain values, without what is absent."""
        return dict(plain(self.model_dump(mode="json", by_alias=True)))

    def to_json(self, indent: int | None = None) -> str:
        """The text of result.json; one line unless `indent` is given."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    @classmethod
    def read(cls, path: Path | str) -> Result:
        """The result in a result.json, or in a folder that holds one.

        Raises InputError for a file that is missing, is no JSON or has another schema.
        """
        file = Path(path)
        file = file / RESULT_FILE if file.is_dir() else file
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(
                f"no result can be read: {error.strerror}", where=str(file), mend="give a result folder"
            ) from error
        except ValueError as error:
            raise InputError(f"this is no JSON: {error}", where=str(file)) from error
        schema = content.get("schema") if isinstance(content, dict) else None
        if schema != SCHEMA:
            raise InputError(
                f"the schema is {schema!r}, not {SCHEMA!r}",
                where=str(file),
                mend="read it with the RegSuite that wrote it",
            )
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InputError(f"this is no {SCHEMA}: {error}", where=str(file)) from error


def plain(value: Any) -> Any:
    """Numbers, texts, lists and dicts with text keys; without None and what is not finite.

    Entries of a dict that are absent are left out; in a list they become None, so that places
    keep their meaning. numpy and torch values of one element become numbers.
    """
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        items = ((str(key), plain(entry)) for key, entry in value.items())
        return {key: entry for key, entry in items if entry is not None}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if value is None or isinstance(value, str | bool):
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else str(value)
