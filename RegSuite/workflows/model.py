"""What a workflow tells about itself: its inputs and its parameters, from which every face is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

InputKind = Literal["image", "mask", "labels", "points", "transform", "table"]


class WorkflowParameters(BaseModel):
    """What every workflow that runs a method can be told; each adds its own fields.

    Panel, command line and HTTP schema are made from the fields: `title`, `description`, and
    json_schema_extra {"unit": ...} where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str | None = Field(
        default=None,
        title="Preset",
        description="method and parameters for a kind of images (see Resources/presets)",
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        title="Method parameters",
        description="those that differ from preset and defaults (see `regsuite methods NAME`)",
    )
    device: str | None = Field(
        default=None,
        title="Device",
        description="auto, cpu, cuda or cuda:N; REGSUITE_DEVICE or auto if not given",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        title="Threads",
        description="CPU threads; REGSUITE_THREADS or all cores if not given",
    )
    seed: int = Field(
        default=0,
        ge=0,
        lt=2**32,
        title="Seed",
        description="of every random choice; same seed, device, threads and versions: same result",
    )
    limits: str | None = Field(
        default=None,
        title="Limits file",
        description="YAML with the clinic's tolerances; REGSUITE_LIMITS or TG-132's if not given",
    )
    report: bool = Field(default=True, title="Report", description="write report.html")
    scene: bool = Field(default=True, title="Scene", description="write scene.mrb where MRML is at hand")


@dataclass(frozen=True)
class InputRole:
    """One input of a workflow: its name in Python, result.json and (with dashes) on the command line."""

    name: str
    kind: InputKind
    title: str
    description: str
    required: bool = False


@dataclass(frozen=True)
class Workflow:
    """A workflow as panels, the command line and the HTTP interface see it.

    run: run(inputs by role name, parameters, progress) -> Result.
    """

    name: str
    summary: str
    inputs: tuple[InputRole, ...]
    Parameters: type[WorkflowParameters]
    run: Callable[..., Any]

    def schema(self) -> dict[str, Any]:
        """JSON schema of the parameters, and the inputs as a list of their fields."""
        return {
            "workflow": self.name,
            "summary": self.summary,
            "inputs": [vars(role) for role in self.inputs],
            "parameters": self.Parameters.model_json_schema(),
        }
